"""Labels: what people's verdicts say is right."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from agents.evals.models import Label, LabelPayload
from agents.models import Run
from observability.payloads import digest


@dataclass(frozen=True, kw_only=True)
class GroundTruth:
    """What a verdict says of one task of a run.

    expected: what is right, if any: the text, the category, the queue, the extracted fields; of
    edits their reason.
    """

    run: Run
    task: Label.Task
    expected: Any | None
    verdict: str
    given_by: User
    edit_operations: int | None = None
    words_kept_ratio: float | None = None
    succeeded: bool | None = None


def give_label(truth: GroundTruth) -> Label:
    """Return the label, written in the caller's transaction; it corrects the run's earlier one."""
    earlier = (
        Label.objects.filter(run=truth.run, task=truth.task, label__isnull=True)
        .order_by("-pk")
        .first()
    )
    return Label.objects.create(
        agent=truth.run.agent,
        run=truth.run,
        task=truth.task,
        expected=(
            LabelPayload.objects.create(content=truth.expected)
            if truth.expected is not None
            else None
        ),
        expected_digest=digest(truth.expected) if truth.expected is not None else "",
        verdict=truth.verdict,
        edit_operations=truth.edit_operations,
        words_kept_ratio=truth.words_kept_ratio,
        succeeded=truth.succeeded,
        given_by=truth.given_by,
        corrects=earlier,
    )
