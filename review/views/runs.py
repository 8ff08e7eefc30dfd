"""Stopping a run, and starting it again."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from review import runs_by_hand
from review.errors import ReviewError
from review.items import settle_run
from review.models import TicketRun
from review.requests import ReviewerRequest
from review.trace import sight_of, visible_runs
from review.wake import announce, wake_run


@require_POST
@permission_required("review.pause_agents", raise_exception=True)
def stop(request: ReviewerRequest, run_id: int) -> HttpResponse:
    """Cancel the run and bring its ticket to a person."""
    if _done(request, run_id, runs_by_hand.stop):
        item = settle_run(run_id)
        announce(item.queue_id if item else None)
        messages.success(request, "The run is stopped. Its ticket is in the inbox without a draft.")
    return redirect("run", run_id)


@require_POST
@permission_required("review.pause_agents", raise_exception=True)
def start_again(request: ReviewerRequest, run_id: int) -> HttpResponse:
    """Queue a run that failed or was stopped; it goes on from its journal."""
    if _done(request, run_id, runs_by_hand.start_again):
        wake_run(run_id, is_awaited=True)
        messages.success(request, "The run goes on from its last finished step.")
    return redirect("run", run_id)


def _done(request: ReviewerRequest, run_id: int, act: Callable[[int, User], TicketRun]) -> bool:
    get_object_or_404(visible_runs(sight_of(request.user)), run=run_id)
    try:
        act(run_id, request.user)
    except ReviewError as error:
        messages.error(request, str(error))
        return False
    return True
