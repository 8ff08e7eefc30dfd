"""Import examples of an agent from a JSONL file, plain or gzipped."""

import zlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Annotated, Any

from django.core.management.base import BaseCommand, CommandError
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from agents.evals.models import Dataset, Example
from agents.local_model.errors import MalformedTemplate
from agents.local_model.slots import fill, validate_template
from agents.models import Agent
from observability.payloads import digest
from review.importing import Line, read_lines
from review.schemas import Body, Text

BATCH = 500


def _a_template(reply: str) -> str:
    try:
        validate_template(reply)
    except MalformedTemplate as error:
        raise ValueError(str(error)) from error
    return reply


class ExampleIn(BaseModel):
    """A message with what is right for it."""

    text: Body
    label: Annotated[Text, StringConstraints(max_length=60)] = ""
    reply: Annotated[Text, AfterValidator(_a_template)] = ""
    fields: dict[str, Any] = Field(default_factory=dict)


class Command(BaseCommand):
    help = (
        "Add each line's example to the dataset; the same example again adds nothing. The agent's "
        "local model learns from the dataset `examples`, its drafts from `past-replies`."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("agent")
        parser.add_argument("file", type=Path)
        parser.add_argument("--dataset", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        agent = Agent.objects.filter(slug=options["agent"]).first()
        if agent is None:
            raise CommandError(f"No agent called {options['agent']} is installed.")
        dataset, _ = Dataset.objects.get_or_create(agent=agent, name=options["dataset"])
        before = dataset.examples.count()
        bad, rows = 0, []
        try:
            for line in read_lines(options["file"], ExampleIn):
                if line.value is None:
                    bad += 1
                    self.stderr.write(f"line {line.number}: {line.problem}")
                    continue
                rows.append(_row(dataset, line))
                if len(rows) == BATCH:
                    _store(rows)
            _store(rows)
        except (OSError, EOFError, zlib.error) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        added = dataset.examples.count() - before
        self.stdout.write(f"{added} examples added to {dataset}, {bad} bad lines skipped.")
        if bad:
            raise SystemExit(1)


def _row(dataset: Dataset, line: Line[ExampleIn]) -> Example:
    value = line.value
    assert value is not None  # noqa: S101 - narrows for the type checker
    return Example(
        dataset=dataset,
        external_id=digest(value.model_dump())[:32],
        text=value.text,
        label=value.label,
        reply=value.reply,
        fields=_with_language(value),
    )


def _with_language(value: ExampleIn) -> dict[str, Any]:
    """Return the fields with the reply's language: a draft answers in the customer's own."""
    if not value.reply or "language" in value.fields:
        return value.fields
    from agents.local_model.languages import detect_language  # noqa: PLC0415 - loads its model

    return value.fields | {"language": detect_language([fill(value.reply, {})])}


def _store(rows: list[Example]) -> None:
    Example.objects.bulk_create(rows, ignore_conflicts=True)
    rows.clear()
