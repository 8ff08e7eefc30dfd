"""The tools of each agent: what they do, how often they may be called, and changing that."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from agents.models import Agent
from agents.tools.registry import tools_of
from review.actions import in_words
from review.forms_tools import LimitsForm
from review.requests import ReviewerRequest
from review.toolbox import agents_tools, set_limits


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def tools_page(request: ReviewerRequest) -> HttpResponse:
    """Show every agent's tools."""
    return _render(request)


@require_http_methods(["GET", "POST"])
@permission_required("review.configure", raise_exception=True)
def change_limits(request: ReviewerRequest, slug: str, name: str) -> HttpResponse:
    """Set a tool's limits or switch it off, with a reason; what was typed is kept."""
    agent = get_object_or_404(Agent, slug=slug)
    tool = tools_of(slug).get(name)
    if tool is None:
        raise Http404
    if request.method == "GET":
        return redirect("tools")  # the address of an answer that was reloaded
    form = LimitsForm(request.POST)
    if not form.is_valid():
        return _render(request, form, f"{slug}/{name}")
    limits = form.limits()
    set_limits(agent, tool, limits, reason=form.cleaned_data["reason"], by=request.user)
    state = "is limited anew" if limits.is_enabled else "is switched off"
    messages.success(request, f"{in_words(name)} {state}, from its next call on.")
    return redirect(reverse("tools") + f"#{slug}-{name}")


def _render(
    request: ReviewerRequest, form: LimitsForm | None = None, place: str = ""
) -> HttpResponse:
    """Return the page. form: of the tool at that place, where something does not fit."""
    now = timezone.now()
    context = {"groups": agents_tools(now), "form": form, "place": place, "now": now}
    return render(request, "review/tools.html", context, status=422 if form else 200)
