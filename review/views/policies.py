"""Policy."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from review.requests import ReviewerRequest


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def policies_page(request: ReviewerRequest) -> HttpResponse:
    """Show the page."""
    return render(request, "review/policies.html", {})
