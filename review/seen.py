"""What a reviewer had before them, and the item locked if it is still so."""

import uuid
from dataclasses import dataclass

from django.contrib.auth.models import User

from agents.evals.labels import LATEST
from agents.models import Run
from observability.rows import ask, columns, instances, relate, tell
from review.claims import require_claim
from review.errors import ProposalChanged, Superseded
from review.models import (
    CarriedText,
    Queue,
    ReviewItem,
    ReviewPayload,
    Source,
    Ticket,
    WorkingText,
)
from review.signatures import SIGNATURE

LOCK = """
SELECT FROM review_reviewitem item JOIN review_ticket ticket ON ticket.id = item.ticket_id
WHERE item.id = %s FOR UPDATE OF ticket, item
"""
LOCKED = (ReviewItem, Ticket, Source, Queue, ReviewPayload, Run, CarriedText, WorkingText)
READ = f"""
SELECT {columns(ReviewItem, "item")}, {columns(Ticket, "ticket")}, {columns(Source, "source")},
    {columns(Queue, "queue")}, {columns(ReviewPayload, "proposal")}, {columns(Run, "run")},
    {columns(CarriedText, "carried")}, {columns(WorkingText, "working")},
    (item.assigned_to_id = %s OR EXISTS (
        SELECT FROM review_queue_members WHERE queue_id = item.queue_id AND user_id = %s)),
    ({SIGNATURE.format(user="%s", queue="item.queue_id")}),
    EXISTS (SELECT FROM review_attachment file
        WHERE file.item_id = item.id AND file.verdict_id IS NULL),
    ({LATEST.format(run="item.run_id", task="'draft'")})
FROM review_reviewitem item
JOIN review_ticket ticket ON ticket.id = item.ticket_id
JOIN review_source source ON source.id = ticket.source_id
JOIN review_queue queue ON queue.id = item.queue_id
JOIN review_reviewpayload proposal ON proposal.id = item.proposal_id
JOIN agents_run run ON run.id = item.run_id
LEFT JOIN review_carriedtext carried ON carried.item_id = item.id
LEFT JOIN review_workingtext working ON working.item_id = item.id
WHERE item.id = %s
"""  # noqa: S608 - made of the models' own names


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the reviewer had before them: the claim they hold and the exact proposal they read."""

    claim_token: uuid.UUID
    revision: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What sending a reply has to know beside the item.

    signature: what stands under the reviewer's replies in its queue. has_files: whether any are
    laid ready. label: the id of the label that one on the draft would correct.
    """

    signature: str
    has_files: bool
    label: int | None


def lock(item_id: int, reviewer: User, seen: Seen) -> ReviewItem:
    """Return the item, locked with its ticket, if the reviewer may decide on what they saw.

    Raises ClaimLost, AlreadyDecided, Superseded, ProposalChanged, and ReviewItem.DoesNotExist where
    the reviewer may not see it.
    """
    return lock_with(item_id, reviewer, seen)[0]


def lock_with(item_id: int, reviewer: User, seen: Seen) -> tuple[ReviewItem, Beside]:
    """Return what `lock` does, and what stands beside the item.

    The ticket is locked first, as intake does, so the two never wait for each other.
    """
    tell(LOCK, [item_id])
    # By a statement of its own: one that waits for a lock sees what was there before it waited.
    rows = ask(READ, [reviewer.pk, reviewer.pk, reviewer.pk, item_id])
    if not rows:
        raise ReviewItem.DoesNotExist
    item: ReviewItem
    item, ticket, source, queue, proposal, run, carried, working = instances(rows[0], *LOCKED)
    relate(ticket, source=source)
    relate(item, ticket=ticket, queue=queue, proposal=proposal, run=run)
    relate(item, carried=carried, working=working)
    is_theirs, signature, has_files, label = rows[0][-4:]
    require_claim(item, reviewer, seen.claim_token)
    # A claim outlives the loss of the queue it was made in.
    if not (is_theirs or reviewer.has_perm("review.view_every_queue")):
        raise ReviewItem.DoesNotExist
    if item.ticket.customer_seq > item.upto_seq:
        raise Superseded
    if (item.revision, item.digest) != (seen.revision, seen.digest):
        raise ProposalChanged
    return item, Beside(signature=signature or "", has_files=has_files, label=label)
