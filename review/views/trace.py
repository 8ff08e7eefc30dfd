"""What a run did, step by step, and what people made of it."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from review.requests import ReviewerRequest
from review.trace import shadow_link, sight_of, trace_of, visible_runs


@require_GET
def run_page(request: ReviewerRequest, run_id: int) -> HttpResponse:
    """Show a run's trace with one step opened; htmx asks for the trace alone."""
    sight = sight_of(request.user)
    link = visible_runs(sight).filter(run=run_id).first() or shadow_link(sight, run_id)
    if link is None:
        raise Http404
    trace = trace_of(link, sight, step=request.GET.get("step"))
    is_part = request.htmx and not request.htmx.history_restore_request
    template = "review/run.html#trace" if is_part else "review/run.html"
    context = {"trace": trace, "asked": request.GET.get("step")}
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
