"""What went out: finding it, one reply on its page, and what of it needs a person."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from review import sent
from review.deliveries import TROUBLED
from review.edits import compare
from review.errors import ReviewError
from review.items import drafted
from review.models import AuditEntry, Delivery, Queue
from review.requests import ReviewerRequest


@require_GET
def sent_page(request: ReviewerRequest) -> HttpResponse:
    """Show the replies that the filters find, newest first."""
    filters = sent.SentFilters.from_query(request.GET.dict())
    after, since = request.GET.get("after", ""), request.GET.get("since", "")
    now = timezone.now()
    context = {
        "filters": filters,
        "page": sent.replies(request.user, filters, after=after, since=since, now=now),
        "count": sent.count(request.user, filters, now),
        "after": after,
        "selects": _selects(request.user, filters),
        "now": now,
    }
    response = render(request, "review/sent.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_GET
def delivery_page(request: ReviewerRequest, delivery_id: int) -> HttpResponse:
    """Show one reply: the text as it was sent, how it differs from the draft, what became of it."""
    return render_delivery(request, delivery_of(request, delivery_id))


@require_GET
def troubled_page(request: ReviewerRequest) -> HttpResponse:
    """Show the deliveries that failed or are unclear, with what can be done about each."""
    troubles = sent.troubled(request.user)
    context = {
        "troubles": troubles,
        "retriable": [one for one in troubles if one.may_retry and not one.may_arrive_twice],
    }
    return render(request, "review/sent/troubled.html", context)


def delivery_of(request: ReviewerRequest, delivery_id: int) -> Delivery:
    """Return the delivery if the person may see it. Raises Http404."""
    deliveries = Delivery.objects.visible_to(request.user).select_related(
        "ticket__customer",
        "ticket__queue",
        "verdict__reviewer",
        "verdict__item__run",
        "verdict__final",
        "verdict__proposed",
    )
    return get_object_or_404(deliveries, pk=delivery_id)


def render_delivery(
    request: ReviewerRequest, delivery: Delivery, *, error: ReviewError | None = None
) -> HttpResponse:
    """Return the delivery's page. error: what stood against what was asked."""
    verdict = delivery.verdict
    text = str(verdict.final.content or "") if verdict.final else ""
    draft = drafted(verdict.proposed)
    is_latest = verdict.revision == verdict.item.revision
    context = {
        "delivery": delivery,
        "text": text,
        "is_erased": verdict.final is None or verdict.final.content is None,
        "comparison": compare(draft, text) if draft and not _corrects(delivery) else None,
        "corrects": _corrects(delivery),
        "is_latest": is_latest,
        "trouble": sent.trouble_of(delivery) if delivery.state in TROUBLED else None,
        "entries": AuditEntry.objects.filter(subject=f"delivery:{delivery.pk}").order_by("pk"),
        "error": error,
    }
    return render(
        request, "review/sent/delivery.html", context, status=error.status if error else 200
    )


def _corrects(delivery: Delivery) -> bool:
    """Return whether the reply puts right an earlier one."""
    verdict = delivery.verdict
    return verdict.item.is_correction and verdict.revision == verdict.item.revision


def _selects(user: User, filters: sent.SentFilters) -> list[dict[str, Any]]:
    """Return the filters' lists: name, words for none, choices and what is chosen."""
    queues = Queue.objects.order_by("position", "name")
    if not user.has_perm("review.view_every_queue"):
        queues = queues.filter(members=user)
    choices: dict[str, tuple[str, dict[str, str]]] = {
        "whose": ("By everyone", dict(sent.WHOSE)),
        "queue": ("Every queue", dict(queues.values_list("slug", "name"))),
        "state": ("Any state", {key: words for key, (words, _) in sent.STATES.items()}),
        "edits": ("Any edits", {key: words for key, (words, _) in sent.EDITS.items()}),
        "days": ("Any time", dict(sent.DAYS)),
    }
    return [
        {"name": name, "any": none, "choices": known, "value": getattr(filters, name)}
        for name, (none, known) in choices.items()
    ]
