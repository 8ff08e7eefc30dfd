"""The item's page, and what the views of its actions share."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from review import decisions, inbox
from review.edits import compare
from review.errors import ReviewError
from review.evidence import evidence_of
from review.items import draft_text, working_draft
from review.models import ReviewItem
from review.requests import ReviewerRequest


def posted(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view for POST alone; its address, opened as a page, leads to the item."""

    @wraps(view)
    def guarded(request: ReviewerRequest, item_id: int, *args: Any) -> HttpResponse:
        if request.method != "POST":
            return redirect("item", item_id)
        return view(request, item_id, *args)

    return guarded


@require_GET
def item_page(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show one item: conversation, draft, evidence, and what can be done."""
    return render_item(request, item_of(request, item_id))


@require_GET
def item_standing(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show only who holds the item and whether it is still open; asked for on every change."""
    item = item_of(request, item_id)
    return render(request, "review/item/_standing.html", standing(request, item))


def visible(request: ReviewerRequest) -> QuerySet[ReviewItem]:
    """Return the items the person may see, with what their page shows."""
    return ReviewItem.objects.visible_to(request.user).select_related(
        "ticket__customer",
        "ticket__source",
        "queue__escalates_to",
        "proposal",
        "working",
        "claimed_by",
        "run__agent",
        "run__result",
    )


def item_of(request: ReviewerRequest, item_id: int) -> ReviewItem:
    """Return the item if the person may see it. Raises Http404."""
    return get_object_or_404(visible(request), pk=item_id)


def render_item(
    request: ReviewerRequest,
    item: ReviewItem,
    *,
    text: str | None = None,
    error: ReviewError | None = None,
) -> HttpResponse:
    """Return the item's page. text: what stands in the editor, if not what was last saved."""
    evidence = evidence_of(item)
    draft = draft_text(item)
    if text is None:
        text = working_draft(item)
    context = {
        **standing(request, item),
        "evidence": evidence,
        "draft": draft,
        "text": text,
        "comparison": compare(draft, text[: decisions.LONGEST_REPLY]),
        "error": error,
        "page": inbox.open_items(request.user, queue=item.queue.slug),
    }
    if evidence.verdict and evidence.verdict.final:
        context["final_comparison"] = compare(draft, str(evidence.verdict.final.content or ""))
    return render(request, "review/item.html", context, status=error.status if error else 200)


def standing(request: ReviewerRequest, item: ReviewItem) -> dict[str, object]:
    """Return what the page says of who holds the item and whether it can be decided."""
    now = timezone.now()
    is_open = item.status == ReviewItem.Status.OPEN
    held = item.claim_expires_at is not None and item.claim_expires_at > now
    return {
        "item": item,
        "is_open": is_open,
        "is_mine": is_open and item.is_held_by(request.user.pk, now),
        "holder": item.claimed_by if is_open and held else None,
        "newer": (
            item.ticket.items.filter(pk__gt=item.pk).order_by("-pk").first()
            if item.status == ReviewItem.Status.SUPERSEDED
            else None
        ),
        "now": now,
    }
