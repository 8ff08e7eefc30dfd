"""What the command palette finds besides the actions of the page: open items, saved views."""

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from review import inbox
from review.inbox_filters import Filters
from review.models import SavedView
from review.requests import ReviewerRequest

MOST_ITEMS = 8
FEWEST_LETTERS = 2


@require_GET
def palette(request: ReviewerRequest) -> HttpResponse:
    """Show the items and views that the words find, as options of the palette's list."""
    asked = Filters.from_query({"text": request.GET.get("q", "")})
    items, views = [], SavedView.objects.none()
    if len(asked.text) >= FEWEST_LETTERS:
        items = list(inbox.open_items(request.user, asked).items[:MOST_ITEMS])
        views = SavedView.objects.filter(
            Q(owner=request.user) | Q(is_shared=True), name__icontains=asked.text
        )[:MOST_ITEMS]
    return render(request, "review/_palette.html", {"items": items, "views": views})
