"""Stopping a run and starting it again, by somebody who looks at it."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from agents.models import Run
from agents.requests import cancel_by_hand
from agents.requests import start_again as queue_again
from review import audit
from review.errors import AlreadyDecided, ClaimedByAnother, RunHasEnded, RunHasNotFailed, Superseded
from review.items import drop_claim
from review.models import ReviewItem, Ticket, TicketRun
from review.notifications import name_of


@transaction.atomic
def stop(run_id: int, by: User) -> TicketRun:
    """Return the run's ticket with the run cancelled; what it asked of people is withdrawn.

    A person gets the ticket, as after any other end. Raises RunHasEnded.
    """
    link = _locked(run_id)
    if not cancel_by_hand(run_id, name_of(by)):
        raise RunHasEnded
    _withdraw_questions(run_id)
    audit.record(by, "run.stopped", link.run)
    return link


@transaction.atomic
def start_again(run_id: int, by: User) -> TicketRun:
    """Return the run's ticket with the run queued again; it goes on from its journal.

    The item that its failure opened stays and asks anew at the end. Raises RunHasNotFailed,
    Superseded when the customer has written since, AlreadyDecided, ClaimedByAnother.
    """
    link = _locked(run_id)
    if link.upto_seq < link.ticket.customer_seq:
        raise Superseded
    item = ReviewItem.objects.select_for_update().filter(run=run_id, step_key="").first()
    if item is not None and item.status != ReviewItem.Status.OPEN:
        raise AlreadyDecided
    if item is not None and _is_anothers(item, by):
        raise ClaimedByAnother
    if not queue_again(run_id):
        raise RunHasNotFailed
    link.settled_at = None
    link.save(update_fields=["settled_at"])
    _withdraw_questions(run_id)
    audit.record(by, "run.started_again", link.run)
    return link


def _withdraw_questions(run_id: int) -> None:
    asked = ReviewItem.objects.select_for_update().filter(run=run_id).exclude(step_key="")
    for item in asked.filter(status=ReviewItem.Status.OPEN):
        drop_claim(item)
        item.status = ReviewItem.Status.CANCELLED
        item.save()
        audit.record(None, "item.withdrawn", item, before=item.digest)


def _is_anothers(item: ReviewItem, by: User) -> bool:
    until = item.claim_expires_at
    return until is not None and until > timezone.now() and item.claimed_by_id != by.pk


def _locked(run_id: int) -> TicketRun:
    link = TicketRun.objects.select_related("run").get(run=run_id)
    link.ticket = Ticket.objects.select_for_update().get(pk=link.ticket_id)
    return link


def may_start_again(run: Run) -> bool:
    """Return whether the run has ended in a way that can be tried again."""
    return run.status in {Run.Status.FAILED, Run.Status.CANCELLED} and bool(run.error_type)
