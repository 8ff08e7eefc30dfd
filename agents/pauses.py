"""Runs that wait for a person: the question as a row, the answer as the step's result.

Nothing sleeps anywhere: a run that waits has no worker. An answer is bound to what was asked by its
digest, and counts once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from agents.models import Pause, Run, RunPayload
from observability.payloads import digest

Verdict = Literal["approve", "edit", "reject", "respond"]


class Paused(Exception):
    """The run cannot go on before a person has answered.

    proposal: {"actions": [one action as `review.actions` describes it], "why"}.
    """

    def __init__(self, step_key: str, proposal: Mapping[str, Any]) -> None:
        super().__init__(step_key)
        self.step_key = step_key
        self.proposal = dict(proposal)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person said. final: the arguments or value that count, or their words.

    proposed_digest, revision: of the item they had before them; final_digest: of what they said, as
    their verdict keeps it.
    """

    verdict: Verdict
    final: Any
    reason: str
    proposed_digest: str
    revision: int
    final_digest: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Answer":
        """Return the answer that `vars` gave."""
        return cls(**data)


def answer_of(run: Run, step_key: str) -> tuple[Pause, Answer] | None:
    """Return the answered pause of the step with its answer, None before there is one."""
    pause = (
        Pause.objects.select_related("answer", "proposal")
        .filter(run=run, step_key=step_key, answered_at__isnull=False)
        .first()
    )
    if pause is None or pause.answer is None or pause.answer.content is None:
        return None
    return pause, Answer.from_json(pause.answer.content)


def open_pause(run: Run, paused: Paused, now: datetime) -> Pause:
    """Return the pause, opened in the caller's transaction.

    A run asks one thing at a time: what it asked before somebody stopped it, or until nobody had
    answered in time, it asks anew once it is started again.
    """
    Pause.objects.filter(run=run, answered_at__isnull=True).delete()
    return Pause.objects.create(
        run=run,
        step_key=paused.step_key,
        proposal=RunPayload.objects.create(content=paused.proposal),
        digest=digest({"actions": paused.proposal["actions"]}),
        expires_at=now + timedelta(hours=run.agent.approval_ttl_h),
    )


def open_pauses() -> QuerySet[Pause]:
    """Return the pauses nobody has answered, of runs that wait."""
    return Pause.objects.filter(answered_at__isnull=True, run__status=Run.Status.WAITING)


@transaction.atomic
def resume(run_id: int, step_key: str, answer: Answer) -> bool:
    """Give the run the answer and queue it; return whether this call did.

    Of any number of calls at once, one does. An answer to anything but what the run asks resumes
    nothing.
    """
    now = timezone.now()
    content = vars(answer)
    opened = Pause.objects.filter(
        run=run_id,
        step_key=step_key,
        answered_at__isnull=True,
        digest=answer.proposed_digest,
    )
    given = opened.update(
        answered_at=now,
        answer=RunPayload.objects.create(content=content),
        answer_digest=digest(content),
    )
    if not given:
        transaction.set_rollback(True)
        return False
    waited = now - Pause.objects.values_list("opened_at", flat=True).get(
        run=run_id, step_key=step_key
    )
    resumed = Run.objects.filter(pk=run_id, status=Run.Status.WAITING).update(
        status=Run.Status.QUEUED,
        due_at=now,
        hinted_at=None,
        deadline_at=F("deadline_at") + waited,
    )
    if not resumed:
        transaction.set_rollback(True)
    return bool(resumed)
