"""What the item page shows beside the draft on demand: an article, a past answer, the timeline.

Each is a page of its own, and the part of it that the item page opens beside the draft.
"""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from memory.models import Article
from review.actions import one_form
from review.conversation import turns_of
from review.markdown_blocks import blocks
from review.models import Queue
from review.requests import ReviewerRequest
from review.similar import addressed, answer_to
from review.timeline import timeline_of
from review.views.items import item_of


@require_GET
def article(request: ReviewerRequest, slug: str) -> HttpResponse:
    """Show an article's text."""
    found = get_object_or_404(Article, slug=slug)
    context = {"article": found, "blocks": blocks(found.body)}
    return _shown(request, "article", context)


@require_GET
def answer(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show how a past ticket was answered. `?for=`: the item that its text may go into."""
    item = item_of(request, item_id)
    verdict = answer_to(item)
    if verdict is None or verdict.final is None:
        raise Http404
    asked = request.GET.get("for", "")
    other = item_of(request, int(asked)) if asked.isdecimal() and len(asked) < 16 else None
    text = one_form(str(verdict.final.content or ""))
    context = {
        "item": item,
        "verdict": verdict,
        "text": text,
        "turns": turns_of(item.ticket, upto_seq=item.upto_seq)[-1:],
        "insert": addressed(text, was=item.ticket.customer, now=other.ticket.customer)
        if other and other.is_held_by(request.user.pk, timezone.now())
        else "",
    }
    return _shown(request, "answer", context)


@require_GET
def timeline(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show everything that happened to the item's ticket."""
    item = item_of(request, item_id)
    names = dict(Queue.objects.values_list("slug", "name"))
    return _shown(request, "timeline", {"item": item, "timeline": timeline_of(item.ticket, names)})


def _shown(request: ReviewerRequest, name: str, context: dict[str, object]) -> HttpResponse:
    part = "#beside" if request.htmx else ""
    return render(request, f"review/{name}.html{part}", context | {"now": timezone.now()})
