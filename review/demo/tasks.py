"""Celery tasks of the demo; each does nothing where there is no demo or all of it has played."""

import time

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from agents import runner
from agents.models import Run
from agents.shadowing import LIVE_RUNS
from review.demo import play
from review.wake import wake_run

# Half of its beat, so that a worker's process is free for half of the time.
PAST_BUDGET_S = 2.5


@shared_task
def play_next() -> None:
    """Let the next ticket of the stream come in."""
    accepted = play.accept_next() if settings.DEMO else None
    if accepted is not None and accepted.run is not None:
        wake_run(accepted.run.pk)


@shared_task
def work_on_past() -> None:
    """Live through tickets of the past for a moment, unless somebody's own tickets wait."""
    if play.progress() is None:
        return
    from review.demo import history  # noqa: PLC0415 - imports the model and the set clock

    deadline = time.monotonic() + PAST_BUDGET_S
    while time.monotonic() < deadline and not _runs_wait() and history.work_on_next():
        pass


def _runs_wait() -> bool:
    return Run.objects.filter(LIVE_RUNS, runner.due(timezone.now())).exists()
