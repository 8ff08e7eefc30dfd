"""Import tickets from a JSONL file, plain or gzipped."""

import zlib
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from review.errors import ReviewError
from review.importing import Line, content_size, read_lines
from review.intake import accept_ticket
from review.models import Queue
from review.schemas import TicketIn
from review.wake import wake_run

INTERRUPTED = 130


class Command(BaseCommand):
    help = (
        "Store each line's ticket and start the agent on it. Bad lines are named and skipped, and "
        "the command then exits with 1. Run it again after an interruption: what is there stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        counts: Counter[str] = Counter()
        self.queues = set(Queue.objects.values_list("slug", flat=True))
        self.strangers: Counter[str] = Counter()
        try:
            total = content_size(path)
            with tqdm(
                total=total, unit="B", unit_scale=True, desc="Tickets", leave=False, disable=None
            ) as bar:
                for line in read_lines(path, TicketIn):
                    counts[self._import(line)] += 1
                    bar.update(line.size)
        except KeyboardInterrupt:
            self.stderr.write("Interrupted. Run the same command again to go on.")
            raise SystemExit(INTERRUPTED) from None
        except (OSError, EOFError, zlib.error) as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        finally:
            self._report(counts)
        if counts["bad"]:
            raise SystemExit(1)

    def _import(self, line: Line[TicketIn]) -> str:
        """Return what became of the line: new, known or bad."""
        if line.value is None:
            return self._bad(line, line.problem)
        try:
            accepted = accept_ticket(line.value.as_ticket())
        except ReviewError as error:
            return self._bad(line, str(error))
        if not accepted.is_new:
            return "known"
        if line.value.queue and line.value.queue not in self.queues:
            self.strangers[line.value.queue] += 1
        if accepted.run:
            wake_run(accepted.run.pk)
        return "new"

    def _bad(self, line: Line[TicketIn], problem: str) -> str:
        tqdm.write(f"line {line.number}: {problem}", file=self.stderr._out)
        return "bad"

    def _report(self, counts: Counter[str]) -> None:
        self.stdout.write(
            f"{counts['new']} tickets imported, {counts['known']} were here already, "
            f"{counts['bad']} bad lines skipped."
        )
        if self.strangers:
            names = ", ".join(f"{slug} ({n})" for slug, n in self.strangers.most_common(5))
            self.stdout.write(f"No queue here has these names, so the agent routes: {names}")
