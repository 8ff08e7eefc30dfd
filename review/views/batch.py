"""Reviewing several items of one category together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from review import batch, claims, undoing
from review.actions import one_form
from review.batch import Approval, Batch, Outcome
from review.errors import ReviewError
from review.forms import SeenForm
from review.items import draft_text
from review.models import ReviewItem, Verdict
from review.requests import ReviewerRequest
from review.templatetags.batch import TOGETHER
from review.views.inbox import is_id
from review.wake import announce

BATCHES_KEPT = 3


class CardForm(SeenForm):
    """What is said of one card."""

    text = forms.CharField(required=False, strip=False)


@require_http_methods(["GET", "POST"])
@permission_required("review.decide", raise_exception=True)
def batch_page(request: ReviewerRequest) -> HttpResponse:
    """Show the chosen items one under the other; POST claims first those that are free."""
    if request.method == "POST":
        return _take(request, ids_of(request.POST))
    return _page(request, ids_of(request.GET))


@require_POST
@permission_required("review.decide", raise_exception=True)
def more(request: ReviewerRequest) -> HttpResponse:
    """Add others of the same category and queue, as many as may go together."""
    ids = ids_of(request.POST)
    first = ReviewItem.objects.visible_to(request.user).filter(pk__in=ids[:1]).first()
    return _take(
        request, list(dict.fromkeys([*ids, *batch.like(first, request.user)])) if first else ids
    )


@require_POST
@permission_required("review.decide", raise_exception=True)
def approve(request: ReviewerRequest) -> HttpResponse:
    """Send what was opened; what never was comes back and is asked for again."""
    ids, post = ids_of(request.POST), request.POST
    said = _said(post, [pk for pk in ids if pk not in _ids(post, "out")])
    may_be_unread = post.get("unread") == "yes"
    try:
        outcomes = batch.approve(
            [one for one in said if one.was_opened or may_be_unread], request.user
        )
    except ReviewError as error:
        messages.error(request, str(error))
        return _page(request, ids, post=post, status=error.status)
    return _after(request, ids, outcomes)


@require_POST
def renew(request: ReviewerRequest) -> HttpResponse:
    """Keep the claims of a batch whose page is in use; 409 when all are gone."""
    held = [
        claims.renew(pk, request.user, form.seen().claim_token)
        for pk in ids_of(request.POST)
        if (form := CardForm(request.POST, prefix=str(pk))).is_valid()
    ]
    return HttpResponse(status=204 if any(held) else 409)


@require_POST
@permission_required("review.decide", raise_exception=True)
def release(request: ReviewerRequest) -> HttpResponse:
    """Give all of the batch back, with what was written."""
    items = ReviewItem.objects.visible_to(request.user).select_related("proposal")
    released = 0
    for item in items.filter(pk__in=ids_of(request.POST)):
        form = CardForm(request.POST, prefix=str(item.pk))
        if form.is_valid():
            token, text = form.seen().claim_token, form.cleaned_data["text"]
            released += claims.release(item, request.user, token, text=text)
            announce(item.queue_id)
    messages.success(request, f"Released {released} items." if released != 1 else "Released.")
    return redirect("inbox")


@require_POST
@permission_required("review.decide", raise_exception=True)
def undo(request: ReviewerRequest) -> HttpResponse:
    """Take back every verdict of a batch that has not left, and show its items again."""
    ids = [int(word) for word in request.POST.getlist("verdicts") if is_id(word)][: batch.MOST]
    back: list[int] = []
    gone = 0
    for verdict in Verdict.objects.filter(pk__in=ids, reviewer=request.user).order_by("pk"):
        try:
            item = undoing.undo(verdict.pk, request.user)
        except ReviewError:
            gone += 1
            continue
        back.append(item.pk)
        announce(item.queue_id)
    messages.success(request, f"Undone {len(back)}. They are yours again.")
    if gone:
        messages.error(request, f"{gone} had left already and cannot be undone.")
    return redirect(address(back) if back else "sent")


def ids_of(query: QueryDict) -> list[int]:
    """Return the items' ids that a query names, as `ids=1&ids=2` or `ids=1,2`, each once."""
    words = ",".join(query.getlist("ids")).split(",")
    return list(dict.fromkeys(int(word) for word in words if is_id(word)))[: batch.MOST]


def address(ids: Sequence[int]) -> str:
    """Return the address of a batch."""
    return f"{reverse('batch')}?ids={','.join(map(str, ids))}"


def _take(request: ReviewerRequest, ids: Sequence[int]) -> HttpResponse:
    chosen = batch.batch_of(ids, request.user)
    if len(chosen.categories) == 1:
        ids_here = [card.item.pk for card in chosen.cards]
        texts = {pk: text for pk in ids_here if (text := request.POST.get(f"{pk}-text"))}
        batch.take(ids_here, request.user, texts)
        for queue_id in {card.item.queue_id for card in chosen.cards}:
            announce(queue_id)
    return redirect(address(ids[: batch.MOST]))


def _after(
    request: ReviewerRequest, ids: Sequence[int], outcomes: Sequence[Outcome]
) -> HttpResponse:
    """Lead on: to the inbox when all is sent, else back to what is left, with its texts."""
    sent = [outcome for outcome in outcomes if outcome.refused is None]
    verdicts = [outcome.verdict for outcome in sent if outcome.verdict]
    for queue_id in {verdict.item.queue_id for verdict in verdicts}:
        announce(queue_id)
    _remember(request, [verdict.pk for verdict in verdicts])
    done = {outcome.item_id for outcome in sent}
    out = _ids(request.POST, "out")
    left = [pk for pk in ids if pk not in done]
    if set(left) <= out:
        kept = f" What you left out is still yours: {len(left)}." if left else ""
        messages.success(request, f"Approved {len(done)} together.{kept}")
        return redirect("inbox")
    refused = {outcome.item_id: outcome.refused for outcome in outcomes if outcome.refused}
    return _page(
        request,
        left,
        post=request.POST,
        results={"sent": len(done), "refused": refused, "asked": len(ids) - len(out)},
        status=409 if refused else 200,
    )


def _remember(request: ReviewerRequest, verdict_ids: list[int]) -> None:
    """Keep what was given together, so that it can be undone together.

    What was asked for again belongs to the batch it comes from.
    """
    *earlier, last = request.session.get(TOGETHER) or [[]]
    is_continued = request.POST.get("again") == "yes"
    kept = [*earlier, [*last, *verdict_ids]] if is_continued else [*earlier, last, verdict_ids]
    request.session[TOGETHER] = [ids for ids in kept if ids][-BATCHES_KEPT:]


def _page(
    request: ReviewerRequest,
    ids: Sequence[int],
    *,
    post: QueryDict | None = None,
    results: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Return the batch's page. post: what was typed and opened on it before."""
    chosen = batch.batch_of(ids, request.user)
    rows = _rows(chosen, post or QueryDict(), (results or {}).get("refused", {}))
    unread = [row for row in rows if not (row["opened"] or row["out"])]
    first = chosen.cards[0].item if chosen.cards else None
    context = {
        "batch": chosen,
        "left_out": _left_out(chosen, post or QueryDict(), (results or {}).get("refused", {})),
        "rows": rows,
        "unread": unread,
        "is_asked_again": results is not None and bool(unread),
        "results": results,
        "more": len(batch.like(first, request.user)) - len(rows) if first else 0,
        "now": timezone.now(),
    }
    return render(request, "review/batch.html", context, status=status)


def _left_out(
    chosen: Batch, post: QueryDict, refused: Mapping[int, ReviewError]
) -> list[dict[str, Any]]:
    """Return those that cannot be in the batch (any more), with what was typed for them on it."""
    found = []
    for one in chosen.left_out:
        typed = post.get(f"{one.item.pk}-text", "")
        is_own = one_form(typed) not in {"", one_form(draft_text(one.item))}
        why = refused.get(one.item.pk, one.why)
        found.append({"item": one.item, "why": why, "typed": typed if is_own else ""})
    return found


def _rows(
    chosen: Batch, post: QueryDict, refused: Mapping[int, ReviewError]
) -> list[dict[str, Any]]:
    """Return the cards as they stood on the page that was posted, with why each was refused."""
    opened, out = _ids(post, "opened"), _ids(post, "out")
    return [
        {
            "card": replace(card, text=post.get(f"{card.item.pk}-text", card.text)),
            "typed": one_form(post.get(f"{card.item.pk}-text", card.text)) != one_form(card.text),
            "opened": card.item.pk in opened,
            "out": card.item.pk in out,
            "refused": refused.get(card.item.pk),
        }
        for card in chosen.cards
    ]


def _ids(post: QueryDict, name: str) -> set[int]:
    return {int(word) for word in post.getlist(name) if is_id(word)}


def _said(post: QueryDict, ids: Sequence[int]) -> list[Approval]:
    """Return what is said of each of the items; one whose fields are gone is left as it is."""
    opened = _ids(post, "opened")
    forms_by_id = {pk: CardForm(post, prefix=str(pk)) for pk in ids}
    return [
        Approval(
            item_id=pk,
            seen=form.seen(),
            text=form.cleaned_data["text"],
            was_opened=pk in opened,
        )
        for pk, form in forms_by_id.items()
        if form.is_valid()
    ]
