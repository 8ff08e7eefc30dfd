"""Taking a verdict back within its undo window, before anything has come of it."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from agents.evals.labels import GroundTruth, give_label
from agents.evals.models import Label
from observability.rows import ask, columns, instances, relate
from review import attachments, audit
from review.corrections import put_right
from review.errors import TooLateToUndo
from review.items import keep_answers
from review.models import Customer, Delivery, ReviewItem, Ticket, Verdict

UNDONE = "undone"
# Every page asks this.
UNDOABLE = f"""
SELECT {columns(Verdict, "verdict")}, {columns(ReviewItem, "item")}, {columns(Ticket, "ticket")},
    {columns(Customer, "customer")}, EXISTS (
        SELECT FROM evals_label label
        WHERE label.run_id = item.run_id AND label.task = '{Label.Task.EDIT_REASON}'
            AND label.expected_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM evals_label WHERE corrects_id = label.id))
FROM review_verdict verdict
JOIN review_reviewitem item ON item.id = verdict.item_id
JOIN review_ticket ticket ON ticket.id = item.ticket_id
JOIN review_customer customer ON customer.id = ticket.customer_id
LEFT JOIN review_delivery delivery ON delivery.verdict_id = verdict.id
WHERE verdict.reviewer_id = %s AND verdict.created_at > %s AND verdict.action = 0
    AND item.status = 'decided' AND item.revision = verdict.revision
    AND (delivery.id IS NULL OR delivery.state = 'due' AND delivery.attempts = 0)
ORDER BY verdict.created_at DESC
"""  # noqa: S608 - made of the models' own names


@dataclass(frozen=True, kw_only=True)
class Chance:
    """A verdict that can be taken back until then. why_known: it was said why it was an edit."""

    verdict: Verdict
    until: datetime
    why_known: bool


def window() -> timedelta:
    """Return how long a verdict can be taken back."""
    return timedelta(seconds=settings.UNDO_WINDOW_S)


def undoable(user: User, now: datetime) -> list[Chance]:
    """Return the person's verdicts that can be taken back, one an item, the latest first."""
    models = (Verdict, ReviewItem, Ticket, Customer)
    found = []
    for row in ask(UNDOABLE, [user.pk, now - window()]):
        verdict, item, ticket, customer = instances(row, *models)
        relate(ticket, customer=customer)
        relate(item, ticket=ticket)
        relate(verdict, item=item)
        until = verdict.created_at + window()
        found.append(Chance(verdict=verdict, until=until, why_known=row[-1]))
    return found


@transaction.atomic
def undo(verdict_id: int, reviewer: User) -> ReviewItem:
    """Return the item, open again at its next revision and held by the reviewer.

    All of the item's verdicts stay on record; nothing of them is sent or done. Raises
    TooLateToUndo.
    """
    verdict = Verdict.objects.select_related("item").get(pk=verdict_id)
    ticket = Ticket.objects.select_for_update().get(pk=verdict.item.ticket_id)
    item = (
        ReviewItem.objects.select_related("proposal", "run__agent")
        .select_for_update(of=("self",))
        .get(pk=verdict.item_id)
    )
    given = list(
        item.verdicts.filter(revision=item.revision)
        .select_related("assessment__text")
        .order_by("action")
    )
    now = timezone.now()
    is_latest = item.revision == verdict.revision and item.status == ReviewItem.Status.DECIDED
    if not (is_latest and _is_current(item, ticket) and _stopped(given, now)):
        raise TooLateToUndo
    keep_answers(item, reviewer, [_said(one) for one in given], put_right(item))
    for one in given:
        attachments.give_back(one)
    _take_labels_back(item, reviewer)
    item.status = ReviewItem.Status.OPEN
    item.revision += 1
    item.decided_at = None
    item.claimed_by, item.claim_token, item.claimed_at = reviewer, uuid.uuid4(), now
    item.claim_expires_at = now + timedelta(seconds=settings.CLAIM_TTL_S)
    item.save()
    if item.kind == ReviewItem.Kind.DRAFT:
        ticket.status = Ticket.Status.OPEN
        ticket.queue_id = item.queue_id  # a verdict may have sent it elsewhere
        ticket.save(update_fields=["status", "queue"])
    audit.record(reviewer, "verdict.undone", item, before=verdict.final_digest, verdict=verdict.pk)
    return item


def _is_current(item: ReviewItem, ticket: Ticket) -> bool:
    """Return whether nothing newer has taken the item's place."""
    newer = ReviewItem.objects.open().filter(ticket=ticket, kind=ReviewItem.Kind.DRAFT)
    is_draft = item.kind == ReviewItem.Kind.DRAFT
    return ticket.customer_seq <= item.upto_seq and not (is_draft and newer.exists())


def _stopped(given: list[Verdict], now: datetime) -> bool:
    """Stop what would leave; return whether none of it can have left."""
    deliveries = Delivery.objects.filter(verdict__in=given)
    waiting = deliveries.count()
    if not waiting:
        return now < given[0].created_at + window()
    stopped = deliveries.stoppable()
    if stopped.count() < waiting:
        return False
    stopped.update(state=Delivery.State.UNDONE, detail="Undone by its reviewer.")
    return True


def _said(verdict: Verdict) -> object:
    text = verdict.assessment.text
    return text.content if text and verdict.kind in {"approve", "edit"} else None


def _take_labels_back(item: ReviewItem, reviewer: User) -> None:
    """Correct what the verdict taught: until the next verdict nothing is right or wrong."""
    given = Label.objects.filter(run=item.run, label__isnull=True).exclude(verdict=UNDONE)
    for label in given.order_by("pk"):
        give_label(
            GroundTruth(
                run=item.run,
                task=Label.Task(label.task),
                expected=None,
                verdict=UNDONE,
                given_by=reviewer,
            )
        )
