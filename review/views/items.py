"""The item: read, claimed, decided, undone."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from review import claims, decisions, inbox
from review.edits import compare
from review.errors import IncompleteForm, ReviewError
from review.evidence import evidence_of
from review.forms import DecisionForm, SeenForm
from review.items import draft_text, working_text
from review.models import ReviewItem, Verdict
from review.requests import ReviewerRequest
from review.wake import announce


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
    return _render_item(request, _item(request, item_id))


@require_GET
def item_standing(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show only who holds the item and whether it is still open; asked for on every change."""
    item = _item(request, item_id)
    return render(request, "review/item.html#standing", _standing(request, item))


@require_POST
def diff(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show what the text changes in the draft, as it is typed."""
    item = _item(request, item_id)
    text = request.POST.get("text", "")[: decisions.LONGEST_REPLY]
    comparison = compare(draft_text(item), text)
    return render(request, "review/item.html#diff", {"comparison": comparison, "item": item})


@posted
@permission_required("review.decide", raise_exception=True)
def claim(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Take the item; a text typed under a lapsed claim comes along."""
    item = _item(request, item_id)
    try:
        item = claims.claim(item, request.user)
    except ReviewError as error:
        return _render_item(request, item, error=error)
    announce(item.queue_id)
    text = request.POST.get("text", "")
    if working_text(item, text) is not None:
        # Typed under a claim that lapsed: it stays in the editor.
        return _render_item(request, _item(request, item_id), text=text)
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
    item = _item(request, item_id)
    form = SeenForm(request.POST)
    text = request.POST.get("text", "")
    if form.is_valid() and claims.release(item, request.user, form.seen().claim_token, text=text):
        messages.success(request, f"Released to {item.queue.name}.")
        announce(item.queue_id)
    return redirect("inbox")


def send(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Countersign: send the draft, or the edited text."""

    def act(form: DecisionForm) -> Verdict:
        return decisions.send(
            item_id,
            request.user,
            form.seen(),
            text=form.cleaned_data["text"],
            category=form.cleaned_data["category"],
        )

    return _decide(request, item_id, act)


def reject(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Send nothing and close the ticket."""

    def act(form: DecisionForm) -> Verdict:
        return decisions.reject(
            item_id,
            request.user,
            form.seen(),
            reason=form.cleaned_data["note"],
            category=form.cleaned_data["category"],
        )

    return _decide(request, item_id, act)


def escalate(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Hand the item to the queue with more authority."""

    def act(form: DecisionForm) -> None:
        item = decisions.escalate(
            item_id,
            request.user,
            form.seen(),
            note=form.cleaned_data["note"],
            text=form.cleaned_data["text"],
        )
        messages.success(request, f"Escalated to {item.queue.name}.")
        announce(item.queue_id)

    return _decide(request, item_id, act)


@require_POST
@permission_required("review.decide", raise_exception=True)
def undo(request: ReviewerRequest, verdict_id: int) -> HttpResponse:
    """Stop a reply that has not left and open its item again."""
    verdict = get_object_or_404(
        Verdict, pk=verdict_id, reviewer=request.user, item__in=visible(request)
    )
    try:
        item = decisions.undo(verdict.pk, request.user)
    except ReviewError as error:
        messages.error(request, str(error))
        return redirect("item", verdict.item_id)
    announce(item.queue_id)
    messages.success(request, "Undone. The reply was not sent; the item is yours again.")
    return redirect("item", item.pk)


@posted
@permission_required("review.decide", raise_exception=True)
def _decide(
    request: ReviewerRequest, item_id: int, act: Callable[[DecisionForm], Verdict | None]
) -> HttpResponse:
    """Carry out a decision; what stands against it is said on the page, the typed text kept."""
    item = _item(request, item_id)
    form = DecisionForm(request.POST)
    text = request.POST.get("text", "")
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        problem = IncompleteForm(f"Nothing was saved. {field}: {errors[0]}")
        return _render_item(request, item, text=text, error=problem)
    try:
        verdict = act(form)
    except ReviewError as error:
        return _render_item(request, _item(request, item_id), text=text, error=error)
    announce(item.queue_id)
    if verdict is not None and verdict.final_id is None:
        messages.success(request, "Rejected. Nothing was sent and the ticket is closed.")
    return redirect("inbox")


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


def _item(request: ReviewerRequest, item_id: int) -> ReviewItem:
    return get_object_or_404(visible(request), pk=item_id)


def _render_item(
    request: ReviewerRequest,
    item: ReviewItem,
    *,
    text: str | None = None,
    error: ReviewError | None = None,
) -> HttpResponse:
    evidence = evidence_of(item)
    draft = draft_text(item)
    if text is None:
        text = str(item.working.content or "") if item.working else draft
    context = {
        **_standing(request, item),
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


def _standing(request: ReviewerRequest, item: ReviewItem) -> dict[str, object]:
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
