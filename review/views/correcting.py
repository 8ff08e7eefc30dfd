"""Beginning a correction of a sent reply, and finding that none is needed."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect

from review import correcting
from review.errors import ReviewError
from review.forms import SeenForm
from review.requests import ReviewerRequest
from review.views.items import item_of, posted, render_item
from review.wake import announce


@posted
@permission_required("review.decide", raise_exception=True)
def begin(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Open the item once more, for a text that puts right what was sent."""
    item = item_of(request, item_id)
    even_if_unclear = request.POST.get("even_if_unclear") == "yes"
    try:
        item = correcting.begin(item.pk, request.user, even_if_unclear=even_if_unclear)
    except ReviewError as error:
        return render_item(request, item, error=error)
    announce(item.queue_id)
    return redirect("item", item.pk)


@posted
@permission_required("review.decide", raise_exception=True)
def close(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Close the item again: no correction is needed."""
    item = item_of(request, item_id)
    form = SeenForm(request.POST)
    if not form.is_valid():
        return redirect("item", item.pk)
    try:
        item = correcting.cancel(item.pk, request.user, form.seen().claim_token)
    except ReviewError as error:
        return render_item(request, item, text=request.POST.get("text", ""), error=error)
    announce(item.queue_id)
    messages.success(request, "Closed without a correction. What was sent stands.")
    return redirect("item", item.pk)
