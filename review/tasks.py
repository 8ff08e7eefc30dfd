"""Celery tasks: they take ids, call the domain, and are safe to run any number of times."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.db.models import Case, Q, When
from django.utils import timezone

from agents import effects, runner
from agents.models import Run
from review import handing_on, outcomes, pauses
from review.items import settle_run
from review.models import Delivery, ReviewItem, TicketRun
from review.redrafting import queue_waiting_for
from review.staging import working
from review.wake import announce, wake_delivery, wake_run

log = logging.getLogger(__name__)

HINT_AGAIN_AFTER = timedelta(seconds=15)
SWEPT_AT_ONCE = 200


@shared_task
def work_on_run(run_id: int) -> None:
    is_over = runner.execute(run_id)
    if not is_over and Run.objects.filter(runner.due(timezone.now()), pk=run_id).exists():
        wake_run(run_id, is_awaited=True)  # its attempt was too short: the next one goes on
        return
    item = settle_run(run_id) or pauses.ask(run_id)
    handed = None if item else handing_on.waiting_run(run_id)
    if handed is not None:
        wake_run(handed)
    announce(item.queue_id if item else queue_waiting_for(run_id))
    if item is None and working.is_shadow(run_id):
        _advance_comparisons()


@shared_task
def work_on_delivery(delivery_id: int) -> None:
    delivery = outcomes.deliver(delivery_id)
    if delivery is not None:
        announce(delivery.ticket.queue_id)
        if delivery.verdict.item.step_key:
            wake_run(delivery.verdict.item.run_id, is_awaited=True)


@shared_task
def sweep() -> None:
    """Pick up what an enqueue lost, what a worker left, and what has come due."""
    now = timezone.now()
    due = Delivery.objects.filter(outcomes.due(now)).order_by("due_at")
    for delivery_id in due.values_list("pk", flat=True)[:SWEPT_AT_ONCE]:
        wake_delivery(delivery_id)
    _hint_runs(now)
    effects.mark_left_behind(now)
    for run_id in handing_on.left_waiting()[:SWEPT_AT_ONCE]:
        handing_on.take_back(run_id)
    for run_id in pauses.expired(now)[:SWEPT_AT_ONCE]:
        _open(pauses.expire, run_id, now)
    for run_id in _ended_but_unsettled():
        _open(settle_run, run_id)
    for run_id in pauses.unasked()[:SWEPT_AT_ONCE]:
        _open(pauses.ask, run_id)
    for effect_id in pauses.unasked_effects()[:SWEPT_AT_ONCE]:
        _open(pauses.ask_about, effect_id)
    _advance_comparisons()


def _advance_comparisons() -> None:
    """Tell workers of the shadow runs that there is room for."""
    for run_id in working.advance(timezone.now()):
        wake_run(run_id)


def _open(opened: Callable[..., ReviewItem | None], row_id: int, *given: Any) -> None:
    """Open an item and say so; one bad row must not keep the others from their inbox."""
    try:
        item = opened(row_id, *given)
    except Exception:
        log.exception("%s %s could not be opened", opened.__name__, row_id)
        return
    announce(item.queue_id if item else None)


def _hint_runs(now: datetime) -> None:
    """Publish due runs that no worker was told of lately, those begun first, then the oldest."""
    unhinted = Q(hinted_at__isnull=True) | Q(hinted_at__lt=now - HINT_AGAIN_AFTER)
    due = Run.objects.filter(runner.due(now)).filter(unhinted)
    due = due.order_by(Case(When(attempts=0, then=1), default=0), "due_at", "pk")
    attempts = dict(due.values_list("pk", "attempts")[:SWEPT_AT_ONCE])
    Run.objects.filter(pk__in=attempts).update(hinted_at=now)
    for run_id, begun in attempts.items():
        wake_run(run_id, is_awaited=begun > 0)


def _ended_but_unsettled() -> list[int]:
    return list(
        TicketRun.objects.filter(settled_at__isnull=True, run__status__in=Run.ENDED)
        .order_by("run_id")
        .values_list("run_id", flat=True)[:SWEPT_AT_ONCE]
    )
