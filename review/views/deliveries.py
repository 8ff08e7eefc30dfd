"""What a person does about a reply that did not leave, or of which nobody knows."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from observability.storable import storable
from review import deliveries, sent
from review.errors import ReviewError
from review.models import Delivery
from review.requests import ReviewerRequest
from review.views.sent import delivery_of, render_delivery
from review.wake import announce, wake_delivery


def retry(request: ReviewerRequest, delivery_id: int) -> HttpResponse:
    """Have the reply tried once more, under the same key."""

    def act() -> str:
        even_twice = request.POST.get("even_twice") == "yes"
        delivery = deliveries.retry(delivery_id, request.user, even_twice=even_twice)
        wake_delivery(delivery.pk)
        return "It is being tried again."

    return _settle(request, delivery_id, act)


def mark_sent(request: ReviewerRequest, delivery_id: int) -> HttpResponse:
    """Say that the reply has reached the customer."""

    def act() -> str:
        deliveries.mark_sent(delivery_id, request.user, note=_note(request))
        return "Marked as sent. It is part of the conversation now."

    return _settle(request, delivery_id, act)


def give_up(request: ReviewerRequest, delivery_id: int) -> HttpResponse:
    """Close the reply without sending it."""

    def act() -> str:
        deliveries.give_up(delivery_id, request.user, reason=_note(request))
        return "Given up. Nothing more is sent."

    return _settle(request, delivery_id, act)


@require_POST
@permission_required("review.decide", raise_exception=True)
def retry_many(request: ReviewerRequest) -> HttpResponse:
    """Have the chosen ones tried again, or all that can be without asking."""
    may = {one.delivery.pk: one for one in sent.troubled(request.user)}
    if request.POST.get("all"):
        chosen = [pk for pk, one in may.items() if one.may_retry and not one.may_arrive_twice]
    else:
        chosen = [pk for pk in may if str(pk) in request.POST.getlist("ids")]
    if not chosen:
        messages.info(request, "Nothing was chosen. Select a reply first.")
        return redirect("troubled")
    outcome = deliveries.retry_all(chosen, request.user)
    for delivery in outcome.retried:
        wake_delivery(delivery.pk)
    for queue_id in {delivery.ticket.queue_id for delivery in outcome.retried}:
        announce(queue_id)
    if outcome.retried:
        number = len(outcome.retried)
        what = "1 reply is" if number == 1 else f"{number} replies are"
        messages.success(request, f"{what} being tried again.")
    for delivery, error in outcome.refused:
        messages.error(request, f"{delivery.ticket.customer}: {error}")
    return redirect("troubled")


@require_POST
@permission_required("review.decide", raise_exception=True)
def _settle(request: ReviewerRequest, delivery_id: int, act: Callable[[], str]) -> HttpResponse:
    """Carry out what was asked; what stands against it is said on the reply's page."""
    delivery = delivery_of(request, delivery_id)
    try:
        done = act()
    except ReviewError as error:
        return render_delivery(request, delivery_of(request, delivery_id), error=error)
    announce(delivery.ticket.queue_id)
    messages.success(request, done)
    if request.POST.get("back") == "troubled" and _others(request):
        return redirect("troubled")
    return redirect("delivery", delivery_id)


def _note(request: ReviewerRequest) -> str:
    return storable(request.POST.get("note", ""))


def _others(request: ReviewerRequest) -> bool:
    """Return whether more of them wait for a person."""
    found = Delivery.objects.visible_to(request.user).filter(state__in=deliveries.TROUBLED)
    return found.exists()
