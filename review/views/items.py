"""The item's page, and what the views of its actions share."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from agents.results import RunResult
from review import carrying_over, comments, correcting, decisions, inbox, taking_over
from review.changes import pieces
from review.desk import desk_of
from review.edits import Comparison, compare
from review.errors import ReviewError
from review.evidence import evidence_of
from review.forms_editor import choices_in
from review.inbox_filters import Filters
from review.items import draft_text, proposed_actions, working_draft
from review.models import ReviewItem, Verdict, VerdictKind
from review.panels import panels_of
from review.parts import Part, parts_of, settled_parts
from review.readers import item_to_read
from review.requests import ReviewerRequest
from review.working import saved_choices


def posted(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view for POST alone; its address, opened as a page, leads to the item."""

    @wraps(view)
    def guarded(request: ReviewerRequest, item_id: int, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return redirect("item", item_id)
        return view(request, item_id, *args, **kwargs)

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


def item_of(request: ReviewerRequest, item_id: int) -> ReviewItem:
    """Return the item if the person may act on it; for a page, read it. Raises Http404."""
    item = item_to_read(item_id, request.user)
    if item is None or not (item.may_act or request.method == "GET"):
        raise Http404
    return item


def render_item(
    request: ReviewerRequest,
    item: ReviewItem,
    *,
    text: str | None = None,
    error: ReviewError | None = None,
) -> HttpResponse:
    """Return the item's page. text: what stands in the editor, if not what was last saved."""
    evidence = evidence_of(item, request.user)
    draft = draft_text(item)
    if text is None:
        text = working_draft(item)
    text = shown(text)
    comparison = compared(draft, text)
    here = standing(request, item)
    is_mine = bool(here["is_mine"])
    context = {
        **here,
        "evidence": evidence,
        "comments": comments.comments_of(item.ticket),
        "draft": draft,
        "text": text,
        "comparison": comparison,
        "pieces": pieces(comparison.segments),
        "desk": desk_of(
            item,
            request.user,
            evidence.result,
            posted_choices(request, item, evidence.result),
            is_mine=is_mine,
        ),
        "panels": panels_of(item, request.user, timezone.now()) if is_mine else None,
        "parts": parts_of(
            item, saved_choices(item), request.POST if request.method == "POST" else None
        ),
        "decided": decided_parts(item),
        "corrected": correcting.corrected(item) if here["is_open"] else None,
        "error": error,
        "page": inbox.open_items(request.user, Filters(queue=item.queue.slug), count=30),
    }
    if evidence.verdict and evidence.verdict.final and item.kind == ReviewItem.Kind.DRAFT:
        context["final_comparison"] = compare(draft, str(evidence.verdict.final.content or ""))
    return render(request, "review/item.html", context, status=error.status if error else 200)


def shown(text: str) -> str:
    """Return a posted text as the editor holds it: forms send other line ends than they show."""
    return text.replace("\r\n", "\n")


def compared(draft: str, text: str) -> Comparison:
    """Return what the text changes in the draft; of one too long to be sent, its beginning."""
    return compare(draft, text[: decisions.LONGEST_REPLY])


def posted_choices(
    request: ReviewerRequest, item: ReviewItem, result: RunResult | None
) -> Mapping[str, Any]:
    """Return the choices that differ from the proposal: as they were posted, else as saved."""
    if "queue" in request.POST:  # else it is a form without them
        return choices_in(request.POST, item, result)
    return saved_choices(item)


def doing(item: ReviewItem) -> dict[str, object]:
    """Return what the action bar calls the countersigning of this item, and what else it takes."""
    actions = proposed_actions(item)
    names = {"draft": "Send", "decision": "Decide", "tool_call": "Approve"}
    is_lone = len(actions) == 1
    return {
        "go": names[actions[0].kind] if is_lone else "Countersign",
        "may_respond": is_lone and "respond" in actions[0].allows,
    }


def decided_parts(item: ReviewItem) -> Sequence[tuple[Part, Verdict]]:
    """Return what became of each action of a decided item that is more than one draft."""
    asked = proposed_actions(item)
    is_plain = len(asked) == 1 and asked[0].kind == "draft"
    is_plain = is_plain or item.proposal.content is None  # erased
    if is_plain or item.status != ReviewItem.Status.DECIDED:
        return ()
    verdicts = list(
        item.verdicts.filter(revision=item.revision)
        .select_related("final", "reviewer")
        .order_by("action")
    )
    finals = [verdict.final.content if verdict.final else None for verdict in verdicts]
    shown = [
        None if verdict.kind == VerdictKind.RESPOND else final
        for verdict, final in zip(verdicts, finals, strict=True)
    ]
    return list(zip(settled_parts(item, shown), verdicts, strict=True))


def standing(request: ReviewerRequest, item: ReviewItem) -> dict[str, object]:
    """Return what the page says of who holds the item and whether it can be decided."""
    now = timezone.now()
    is_open = item.status == ReviewItem.Status.OPEN
    held = item.claim_expires_at is not None and item.claim_expires_at > now
    return {
        "item": item,
        "is_open": is_open,
        "is_mine": is_open and item.is_held_by(request.user.pk, now),
        "may_act": getattr(item, "may_act", True),
        **doing(item),
        "first": decisions.first_word(item) if is_open else (),
        "holder": item.claimed_by if is_open and held else None,
        "newer": (
            None
            if is_open
            else item.ticket.items.filter(pk__gt=item.pk, kind=ReviewItem.Kind.DRAFT)
            .order_by("-pk")
            .first()
        ),
        "now": now,
        **together(request, item, now),
    }


def together(request: ReviewerRequest, item: ReviewItem, now: datetime) -> dict[str, object]:
    """Return what the page says of a claim that was lost and of a text that came along.

    A page that held the item says so with `held`: what it lost since, it lost under its feet.
    """
    is_mine = item.is_held_by(request.user.pk, now)
    carried = carrying_over.carried_to(item)
    lost = "held" in request.GET and item.status == ReviewItem.Status.OPEN and not is_mine
    return {
        "lost": lost,
        "taken": lost and taking_over.was_taken_from(item, request.user),
        "undecided": is_mine and carried is not None and carried.looked_at is None,
    }
