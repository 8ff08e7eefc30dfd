"""What people on one item see of each other: presence, comments, take-over, carried text."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from observability.storable import storable
from review import carrying_over, comments, presence, taking_over, wake
from review.errors import ReviewError
from review.forms_together import ChoiceForm
from review.models import ReviewItem
from review.requests import ReviewerRequest
from review.views.inbox import is_id
from review.views.items import item_of, posted, render_item, shown, standing


@require_GET
def presences(request: ReviewerRequest) -> HttpResponse:
    """Show who is on which of the rows that an inbox shows."""
    words = request.GET.get("items", "").split(",")[: presence.MOST_ITEMS]
    ids = [int(word) for word in words if is_id(word)]
    seen = ReviewItem.objects.visible_to(request.user).filter(pk__in=ids)
    found = presence.present(seen.values_list("pk", flat=True), but=request.user)
    return render(request, "review/presences.html", {"found": found})


@require_GET
def item_presence(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show who else is on the item."""
    item = item_of(request, item_id)
    people = presence.present([item.pk], but=request.user).get(item.pk, [])
    return render(request, "review/item/_presence.html", {"item": item, "people": people})


def item_comments(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show the ticket's internal comments; posted to, add one."""
    item = item_of(request, item_id)
    if request.method != "POST":
        return _comment_list(request, item)
    try:
        posted = comments.post(item, request.user, request.POST.get("body", ""))
    except ReviewError as error:
        return _not_posted(request, item, error)
    wake.announce_comments(item.queue_id, item.ticket_id)
    wake.notify(person.pk for person in posted.mentioned)
    blind = ", ".join(f"@{name}" for name in posted.blind)
    said = f"Posted. {blind} may not see this ticket and was not notified." if blind else "Posted."
    if request.htmx:
        response = _comment_list(request, item, said=said)
        response["HX-Trigger"] = "commented"
        return response
    messages.success(request, said)
    return redirect("item", item_id)


@require_GET
def people(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Offer the people that a mention may mean."""
    item = item_of(request, item_id)
    beginning = storable(request.GET.get("q", ""))[:60]
    offered = comments.offered(item, request.user, beginning)
    return render(request, "review/item/_people.html", {"people": offered})


@permission_required("review.decide", raise_exception=True)
def take_over(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Ask whether to take the item from who holds it; posted to, do it."""
    item = item_of(request, item_id)
    if request.method != "POST":
        return render(
            request,
            f"review/take_over.html{'#ask' if request.htmx else ''}",
            {**standing(request, item), "typed_at": taking_over.last_typed_at(item)},
        )
    try:
        taken = taking_over.take_over(item.pk, request.user)
    except ReviewError as error:
        return render_item(request, item_of(request, item_id), error=error)
    wake.announce(taken.item.queue_id)
    if taken.former is not None:
        wake.notify([taken.former.pk])
    return redirect("item", item_id)


@posted
@permission_required("review.decide", raise_exception=True)
def bring(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Go on to the item that took this one's place, with what stands in the editor."""
    old = item_of(request, item_id)
    newer = carrying_over.bring(old.pk, request.user, shown(request.POST.get("text", "")))
    return redirect("item", newer.pk if newer else old.pk)


@posted
@permission_required("review.decide", raise_exception=True)
def choose(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Go on from the text that came along, from the new draft, or with both in view."""
    item = item_of(request, item_id)
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest("Choose one of the two texts, or both.")
    try:
        carrying_over.choose(
            item.pk, request.user, form.cleaned_data["claim_token"], form.cleaned_data["choice"]
        )
    except ReviewError as error:
        return render_item(request, item_of(request, item_id), error=error)
    return redirect("item", item_id)


def _comment_list(request: ReviewerRequest, item: ReviewItem, *, said: str = "") -> HttpResponse:
    context = {
        "item": item,
        "comments": comments.comments_of(item.ticket),
        "now": timezone.now(),
        "said": said,
    }
    return render(request, "review/item/_comment_list.html", context)


def _not_posted(request: ReviewerRequest, item: ReviewItem, error: ReviewError) -> HttpResponse:
    if request.htmx:
        return _comment_list(request, item, said=str(error))
    messages.error(request, str(error))
    return redirect("item", item.pk)
