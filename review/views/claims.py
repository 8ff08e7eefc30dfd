"""Taking an item and giving it back."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from review import claims
from review.actions import one_form
from review.errors import ClaimLost, ReviewError
from review.forms import SeenForm
from review.items import working_draft, working_text
from review.parts import is_filled_in
from review.requests import ReviewerRequest
from review.views.correcting import close
from review.views.items import item_of, posted, render_item
from review.wake import announce


@posted
@permission_required("review.decide", raise_exception=True)
def claim(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Take the item; a text typed under a lapsed claim comes along."""
    item = item_of(request, item_id)
    try:
        item = claims.claim(item, request.user)
    except ReviewError as error:
        return render_item(request, item, error=error)
    announce(item.queue_id)
    text = request.POST.get("text", "")
    if working_text(item, text) is not None or is_filled_in(request.POST):
        # Typed under a claim that lapsed: it stays in the editor.
        return render_item(request, item_of(request, item_id), text=text)
    return redirect("item", item.pk)


@require_POST
@permission_required("review.decide", raise_exception=True)
def renew(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Keep a claim whose page is in use; 409 when it is gone."""
    form = SeenForm(request.POST)
    held = form.is_valid() and claims.renew(item_id, request.user, form.seen().claim_token)
    return HttpResponse(status=204 if held else 409)


@posted
@permission_required("review.decide", raise_exception=True)
def release(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Give the item back to its queue."""
    item = item_of(request, item_id)
    form = SeenForm(request.POST)
    text = request.POST.get("text", "")
    if form.is_valid() and item.is_correction and not text.strip():
        return close(request, item_id)
    if form.is_valid() and claims.release(item, request.user, form.seen().claim_token, text=text):
        messages.success(request, f"Released to {item.queue.name}.")
        announce(item.queue_id)
    elif text.strip() and one_form(text) != one_form(working_draft(item)):
        return render_item(request, item, text=text, error=ClaimLost())
    return redirect("inbox")
