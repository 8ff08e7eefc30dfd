"""Putting before a person what a run proposes."""

from collections.abc import Mapping, Sequence
from typing import Any

from agents.models import Run
from observability.payloads import digest
from review import audit, sla
from review.items import PRIORITIES, clock_started_at
from review.models import Queue, ReviewItem, ReviewPayload, Ticket


def put_before_a_person(
    ticket: Ticket,
    run: Run,
    content: Mapping[str, Any],
    *,
    step_key: str = "",
    upto_seq: int | None = None,
    reasons: Sequence[Mapping[str, str]],
    urgency: str,
    queue: Queue,
    needs_second: bool = False,
) -> ReviewItem:
    """Return the item that asks what the (locked) ticket's run proposes.

    content: {"actions": […]}. step_key: the step at which the run waits. upto_seq: the newest
    message that the run has read.
    """
    priority, started_at = PRIORITIES[urgency], clock_started_at(ticket)
    item = ReviewItem.objects.create(
        ticket=ticket,
        run=run,
        step_key=step_key,
        queue=queue,
        kind=content["actions"][0]["kind"],
        clock_started_at=started_at,
        due_at=sla.due_at(queue, priority, started_at),
        upto_seq=ticket.last_seq if upto_seq is None else upto_seq,
        proposal=ReviewPayload.objects.create(content=dict(content)),
        digest=digest(content),
        category=ticket.category if step_key else "",
        reasons=list(reasons),
        reason_codes=[reason["code"] for reason in reasons],
        priority=priority,
        needs_second=needs_second,
    )
    audit.record(None, "item.opened", item, after=item.digest, run=run.pk, agent=run.agent.slug)
    return item
