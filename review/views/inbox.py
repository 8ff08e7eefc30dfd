"""The inbox, and taking the next item from it."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_GET, require_POST

from review import claims, inbox, inbox_counts
from review.inbox_choices import selects
from review.inbox_filters import SORTS, WHOSE, Filters
from review.models import ReviewItem
from review.preferences import set_density
from review.requests import ReviewerRequest
from review.saved_views import shelf_of
from review.views.saved_views import to_inbox
from review.wake import announce
from review.whereabouts import MOST, whereabouts

HTML, JSON = "text/html", "application/json"


@require_GET
def inbox_page(request: ReviewerRequest) -> HttpResponse:
    """Show what waits for a person; htmx asks for all but the frame around it."""
    filters = Filters.from_query(request.GET.dict())
    after = request.GET.get("after", "")
    shelf = shelf_of(request.user)
    view = shelf.showing(filters)
    is_part = request.htmx and not request.htmx.history_restore_request
    context = {
        "filters": filters,
        "after": after,
        "page": inbox.open_items(request.user, filters, after=after),
        "shelf": shelf,
        "view": view,
        "base": Filters() if view else filters.place(),  # a queue's tab leads out of a view
        "selects": selects(filters),
        "sorts": SORTS,
        "now": timezone.now(),
        "is_part": is_part,
        **_counted(request.user),
    }
    response = render(request, f"review/inbox.html{'#inbox' if is_part else ''}", context)
    patch_vary_headers(response, ["HX-Request"])  # or Back would show the part alone
    return response


def _counted(user: User) -> dict[str, object]:
    """Return the figures around the rows."""
    counts = inbox_counts.counts(user)
    return {
        "counts": counts,
        "queues": counts.queues,
        "waiting_count": counts.open,
        "being_read": SimpleLazyObject(inbox.being_read),
        "whose": [
            {"value": value, "name": name, "count": getattr(counts, value, None)}
            for value, name in WHOSE.items()
        ],
    }


@require_GET
def gone(request: ReviewerRequest) -> HttpResponse:
    """Say what became of rows that have left an open inbox."""
    ids = [int(word) for word in request.GET.get("ids", "").split(",")[:MOST] if is_id(word)]
    return render(request, "review/inbox/_gone.html", {"found": whereabouts(request.user, ids)})


def is_id(word: str) -> bool:
    """Whether the word can be an item's id."""
    return word.isascii() and word.isdecimal() and len(word) < 19


@require_POST
def density(request: ReviewerRequest) -> HttpResponse:
    """Keep how dense the person wants their lists, and show the inbox so."""
    set_density(request.user, request.POST.get("density", ""))
    return to_inbox(Filters.from_text(request.POST.get("query", "")))


@require_POST
@permission_required("review.decide", raise_exception=True)
def take_next(request: ReviewerRequest) -> HttpResponse:
    """Claim the most urgent item and open it; a program that asks for JSON gets its claim."""
    by_program = request.get_preferred_type([HTML, JSON]) == JSON
    item, was_held = claims.held_or_next(request.user)
    if item is not None and not was_held:
        announce(item.queue_id)
    if by_program:
        return JsonResponse(_claimed(item)) if item else HttpResponse(status=204)
    if was_held:
        messages.info(request, "You still hold this item. Send it or release it for the next one.")
    if item is None:
        messages.info(request, "Nothing is waiting for you right now.")
        return redirect("inbox")
    return redirect("item", item.pk)


def _claimed(item: ReviewItem) -> dict[str, object]:
    return {
        "item": item.pk,
        "url": reverse("item", args=[item.pk]),
        "claim_token": item.claim_token,
        "revision": item.revision,
        "digest": item.digest,
        "expires_at": item.claim_expires_at,
    }
