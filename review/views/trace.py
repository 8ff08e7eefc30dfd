"""What a run did, step by step."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from agents.models import Run
from review.requests import ReviewerRequest
from review.views.items import visible


@require_GET
def run_page(request: ReviewerRequest, run_id: int) -> HttpResponse:
    """Show the steps of a run, to those who may see its ticket's item."""
    item = get_object_or_404(visible(request), run_id=run_id)
    run = get_object_or_404(Run.objects.select_related("agent", "result"), pk=run_id)
    steps = run.steps.select_related("input", "result")
    return render(request, "review/run.html", {"run": run, "steps": steps, "item": item})
