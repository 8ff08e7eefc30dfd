"""What the command palette finds besides the page's actions: agents, open items, saved views."""

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agents.models import Agent
from review import inbox
from review.inbox_filters import Filters
from review.models import SavedView
from review.requests import ReviewerRequest

MOST_ITEMS = 8
FEWEST_LETTERS = 2
PAUSE = "pause"


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
    context = {"items": items, "views": views, "agents": _agents(request, asked.text)}
    return render(request, "review/_palette.html", context)


def _agents(request: ReviewerRequest, words: str) -> list[Agent]:
    """Return the agents that the words find; all of them for who looks for a way to pause one."""
    if len(words) < FEWEST_LETTERS or not request.user.has_perm("review.view_every_queue"):
        return []
    agents = Agent.objects.order_by("name")
    if PAUSE.startswith(words.lower().partition(" ")[0]):
        words = words.partition(" ")[2]
    return list(agents.filter(name__icontains=words)[:MOST_ITEMS])
