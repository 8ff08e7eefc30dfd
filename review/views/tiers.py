"""Which model each tier runs on."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from review.requests import ReviewerRequest


@require_GET
@permission_required("review.configure", raise_exception=True)
def tiers_page(request: ReviewerRequest) -> HttpResponse:
    """Show the tiers' live versions."""
    return render(request, "review/tiers.html")
