"""Labels: what people's verdicts say is right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from agents.evals.models import Label, LabelPayload
from agents.models import Run
from observability.payloads import digest
from observability.rows import ask, insert

# The label at the end of a run's chain for a task, both as SQL says them.
LATEST = """
SELECT label.id FROM evals_label label WHERE label.run_id = {run} AND label.task = {task}
    AND NOT EXISTS (SELECT FROM evals_label later WHERE later.corrects_id = label.id)
"""


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
    rows = ask(LATEST.format(run="%s", task="%s"), [truth.run.pk, truth.task])
    expected, label = rows_of(truth, corrects=int(rows[0][0]) if rows else None)
    insert(*expected, label)
    return label


def rows_of(truth: GroundTruth, *, corrects: int | None) -> tuple[Sequence[LabelPayload], Label]:
    """Return what is to be written of a label, in the caller's lock on the run's item.

    corrects: the id of the run's `LATEST` label for the task.
    """
    expected = LabelPayload(content=truth.expected) if truth.expected is not None else None
    label = Label(
        agent_id=truth.run.agent_id,
        run=truth.run,
        task=truth.task,
        expected=expected,
        expected_digest=digest(truth.expected) if truth.expected is not None else "",
        verdict=truth.verdict,
        edit_operations=truth.edit_operations,
        words_kept_ratio=truth.words_kept_ratio,
        succeeded=truth.succeeded,
        given_by=truth.given_by,
        corrects_id=corrects,
    )
    return [expected] if expected else [], label
