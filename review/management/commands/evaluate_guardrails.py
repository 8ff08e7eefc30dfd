"""`manage.py evaluate_guardrails`: how often guardrails are wrong, and what they find."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from review import guardrail_evaluation as evaluation


class Command(BaseCommand):
    help = (
        "Run every guardrail over the demo's good drafts, over the same made bad, and over "
        "customers' messages, and print how often each is wrong. Needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--messages",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="customers' messages, JSON lines with `text` or `message`, plain or .gz",
        )
        parser.add_argument("--json", action="store_true", help="print JSON alone")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Measure and print."""
        missing = [str(path) for path in options["messages"] if not path.is_file()]
        if missing:
            raise CommandError(f"There is no file {missing[0]}.")
        good = evaluation.good_drafts()
        demo = list(evaluation.demo_messages())
        plain = [subject for subject, steers in demo if not steers]
        steering = [subject for subject, steers in demo if steers]
        sets = [
            evaluation.measured("demo: good drafts", good, "output"),
            evaluation.measured("demo: customers' messages", plain, "input"),
            evaluation.measured("demo: messages to the assistant", steering, "input"),
        ] + [
            evaluation.measured(path.name, evaluation.messages_in(path), "input")
            for path in options["messages"]
        ]
        caught = evaluation.caught(good)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(sets, caught)))
        else:
            self.stdout.write(_as_text(sets, caught))


def _as_json(
    sets: list[evaluation.Measured], caught: list[evaluation.Caught]
) -> dict[str, list[dict[str, Any]]]:
    return {
        "found": [asdict(one) for one in sets],
        "caught": [
            asdict(one) | {"recall": one.recall, "precision": one.precision} for one in caught
        ],
    }


def _as_text(sets: list[evaluation.Measured], caught: list[evaluation.Caught]) -> str:
    lines = []
    for one in sets:
        lines.append(f"{one.name}: {one.cases:,} texts, {one.ms_each:.2f} ms each")
        found = sorted(one.found.items(), key=lambda item: -item[1])
        lines += [f"  {name:14} {n:6,}  {100 * n / one.cases:5.2f} %" for name, n in found]
    lines.append("\nDrafts made bad           bad  found  recall  false alarms  precision at 1:1")
    for row in caught:
        lines.append(
            f"  {row.guardrail:20} {row.bad:6,} {row.caught:6,}  {row.recall:6.3f}"
            f"  {row.false_alarms:4} of {row.good:5,}  {row.precision:6.3f}"
        )
    return "\n".join(lines)
