"""Whether the agents work, and what they cost."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from review.requests import ReviewerRequest


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def overview_page(request: ReviewerRequest) -> HttpResponse:
    """Show the success metric and what stands behind it."""
    return render(request, "review/overview.html")
