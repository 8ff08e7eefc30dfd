"""What went out."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from review.models import Delivery
from review.requests import ReviewerRequest

SENT_PAGE = 50


@require_GET
def sent_page(request: ReviewerRequest) -> HttpResponse:
    """Show the newest replies and what became of each."""
    deliveries = (
        Delivery.objects.visible_to(request.user)
        .select_related("ticket__customer", "ticket__queue", "verdict__reviewer", "verdict__item")
        .order_by("-created_at", "-pk")[:SENT_PAGE]
    )
    return render(request, "review/sent.html", {"deliveries": deliveries})
