"""The inbox, and taking the next item from it."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST

from review import claims, inbox
from review.models import ReviewItem
from review.requests import ReviewerRequest
from review.wake import announce


@require_GET
def inbox_page(request: ReviewerRequest) -> HttpResponse:
    """Show what waits for a person; htmx asks for the rows alone."""
    queue = request.GET.get("queue", "").replace("\x00", "")
    after = request.GET.get("after", "")
    context = {
        "page": inbox.open_items(
            request.user,
            queue=queue,
            after=int(after) if after.isdecimal() and len(after) < 19 else None,
        ),
        "queues": inbox.queue_counts(request.user),
        "queue": queue,
        "being_read": inbox.being_read(),
        "now": timezone.now(),
    }
    template = "review/inbox.html#rows" if request.htmx else "review/inbox.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])  # or Back would show the rows alone
    return response


@require_POST
@permission_required("review.decide", raise_exception=True)
def take_next(request: ReviewerRequest) -> HttpResponse:
    """Claim the most urgent item and open it."""
    held = ReviewItem.objects.open().held_at(timezone.now()).filter(claimed_by=request.user)
    if (mine := held.in_order().first()) is not None:
        messages.info(request, "You still hold this item. Send it or release it for the next one.")
        return redirect("item", mine.pk)
    item = claims.claim_next(request.user)
    if item is None:
        messages.info(request, "Nothing is waiting for you right now.")
        return redirect("inbox")
    announce(item.queue_id)
    return redirect("item", item.pk)
