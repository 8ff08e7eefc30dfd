"""Deciding on an item, and undoing it."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from review import decisions
from review.errors import IncompleteForm, ReviewError
from review.forms import DecisionForm
from review.models import Verdict
from review.requests import ReviewerRequest
from review.views.items import item_of, posted, render_item, visible
from review.wake import announce


def send(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Countersign: send the draft, or the edited text."""

    def act(form: DecisionForm) -> Verdict:
        return decisions.send(
            item_id,
            request.user,
            form.seen(),
            text=form.cleaned_data["text"],
            category=form.cleaned_data["category"],
        )

    return _decide(request, item_id, act)


def reject(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Send nothing and close the ticket."""

    def act(form: DecisionForm) -> Verdict:
        return decisions.reject(
            item_id,
            request.user,
            form.seen(),
            reason=form.cleaned_data["note"],
            category=form.cleaned_data["category"],
        )

    return _decide(request, item_id, act)


def escalate(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Hand the item to the queue with more authority."""

    def act(form: DecisionForm) -> None:
        item = decisions.escalate(
            item_id,
            request.user,
            form.seen(),
            note=form.cleaned_data["note"],
            text=form.cleaned_data["text"],
        )
        messages.success(request, f"Escalated to {item.queue.name}.")
        announce(item.queue_id)

    return _decide(request, item_id, act)


@require_POST
@permission_required("review.decide", raise_exception=True)
def undo(request: ReviewerRequest, verdict_id: int) -> HttpResponse:
    """Stop a reply that has not left and open its item again."""
    verdict = get_object_or_404(
        Verdict, pk=verdict_id, reviewer=request.user, item__in=visible(request)
    )
    try:
        item = decisions.undo(verdict.pk, request.user)
    except ReviewError as error:
        messages.error(request, str(error))
        return redirect("item", verdict.item_id)
    announce(item.queue_id)
    messages.success(request, "Undone. The reply was not sent; the item is yours again.")
    return redirect("item", item.pk)


@posted
@permission_required("review.decide", raise_exception=True)
def _decide(
    request: ReviewerRequest, item_id: int, act: Callable[[DecisionForm], Verdict | None]
) -> HttpResponse:
    """Carry out a decision; what stands against it is said on the page, the typed text kept."""
    item = item_of(request, item_id)
    form = DecisionForm(request.POST)
    text = request.POST.get("text", "")
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        problem = IncompleteForm(f"Nothing was saved. {field}: {errors[0]}")
        return render_item(request, item, text=text, error=problem)
    try:
        verdict = act(form)
    except ReviewError as error:
        return render_item(request, item_of(request, item_id), text=text, error=error)
    announce(item.queue_id)
    if verdict is not None and verdict.final_id is None:
        messages.success(request, "Rejected. Nothing was sent and the ticket is closed.")
    return redirect("inbox")
