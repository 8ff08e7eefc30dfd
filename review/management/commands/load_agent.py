"""Make or change an agent from a file that defines it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.definition_files import FILE, read
from agents.errors import UnfitDefinition
from review.agent_definitions import Stored, load


class Command(BaseCommand):
    help = "Make or change an agent from a file; say what changed. A new one begins as a draft."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a file as the agent's page gives it")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read as text. Nothing was changed.") from error
        try:
            stored = load(read(text, file.resolve().parent.name if file.name == FILE else ""))
        except UnfitDefinition as error:
            faults = "\n".join(f"- {fault}" for fault in error.faults)
            raise CommandError(
                f"{file} defines no agent:\n{faults}\nNothing was changed."
            ) from error
        self._say(stored)

    def _say(self, stored: Stored) -> None:
        agent = stored.agent
        if stored.is_new:
            self.stdout.write(f"{agent.name} is installed as a draft. Its page puts it live.")
        elif not stored.differences:
            self.stdout.write(f"{agent.name} says all of this already. Nothing was changed.")
        for one in stored.differences:
            before = one.before.replace("\n", "; ") or "nothing"
            self.stdout.write(f"{one.label}: {one.after.replace(chr(10), '; ')} (was: {before})")
        if stored.kept:
            self.stdout.write(f"Not in the file, and kept: {', '.join(stored.kept)}.")
