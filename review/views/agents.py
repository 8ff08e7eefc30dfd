"""Agents: what each is for, how well it does, changing it, and stopping it at once."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from agents.errors import CannotChangeStatus, UnfitDefinition
from agents.models import Agent
from review import agent_pages
from review.agent_definitions import change, digest_of, file_of
from review.agent_status import change_status
from review.forms_agents import DefinitionForm
from review.requests import ReviewerRequest

AGENTS = Agent.objects.select_related("owner").prefetch_related("categories")
CHANGED_MEANWHILE = (
    "Somebody else has changed this agent since you opened it, so nothing was saved. What you typed"
    " is kept: compare it with the agent's page, and save it again."
)


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def agents_page(request: ReviewerRequest) -> HttpResponse:
    """Show every agent with its job, its success metric and its use."""
    rows = agent_pages.agent_rows(timezone.now())
    working = [row for row in rows if row.agent.status == Agent.Status.LIVE]
    return render(request, "review/agents.html", {"rows": rows, "working": working})


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def agent_page(request: ReviewerRequest, slug: str) -> HttpResponse:
    """Show one agent: its whole definition, and what became of it."""
    return _render(request, get_object_or_404(AGENTS, slug=slug))


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def agent_file(request: ReviewerRequest, slug: str) -> HttpResponse:
    """Give the file that defines the agent as it is now."""
    text = file_of(get_object_or_404(AGENTS, slug=slug))
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="agent.yaml"'
    return response


@require_http_methods(["GET", "POST"])
@permission_required("review.configure", raise_exception=True)
def agent_edit(request: ReviewerRequest, slug: str) -> HttpResponse:
    """Change what the agent is for; what was typed is kept when something stands against it."""
    agent = get_object_or_404(AGENTS, slug=slug)
    seen = digest_of(agent)
    if request.method == "GET":
        return _edit(request, agent, DefinitionForm.showing(agent, seen))
    form = DefinitionForm(request.POST, agent=agent)
    if not form.is_valid():
        return _edit(request, agent, form, status=422)
    if form.cleaned_data["seen"] != seen:
        form.add_error(None, CHANGED_MEANWHILE)
        return _edit(request, agent, form, status=409, seen=seen)
    try:
        stored = change(agent.pk, form.definition(), request.user)
    except UnfitDefinition as error:
        form.add_error(None, str(error))
        return _edit(request, agent, form, status=422)
    messages.success(request, "Saved." if stored.differences else "Nothing had changed.")
    return redirect("agent", slug)


@require_http_methods(["GET", "POST"])
@permission_required("review.view_every_queue", raise_exception=True)
def agent_status(request: ReviewerRequest, slug: str) -> HttpResponse:
    """Put the agent live, on staging or away, or pause it: the kill switch."""
    if request.method == "GET":
        return redirect("agent", slug)  # the address of an answer that was reloaded
    agent = get_object_or_404(Agent, slug=slug)
    status, note = request.POST.get("status", ""), request.POST.get("note", "")
    needed = "pause_agents" if status == Agent.Status.PAUSED else "configure"
    if not request.user.has_perm(f"review.{needed}"):
        raise PermissionDenied
    try:
        agent = change_status(agent.pk, status, by=request.user, note=note)
    except CannotChangeStatus as error:
        agent = get_object_or_404(AGENTS, slug=slug)
        return _render(request, agent, problem=str(error), note=note, status=422)
    messages.success(request, f"{agent.name} is {_words(agent)}.")
    return redirect("agent", slug)


def _words(agent: Agent) -> str:
    return {
        "paused": "paused: nothing new begins, in any process",
        "live": "live",
        "staging": "in staging: customers see nothing of it",
        "draft": "a draft: it does nothing",
    }[agent.status]


def _render(
    request: ReviewerRequest, agent: Agent, *, problem: str = "", note: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    context = {
        "page": agent_pages.agent_page(agent, now),
        "problem": problem,
        "note": note,
        "now": now,
    }
    return render(request, "review/agent.html", context, status=status)


def _edit(
    request: ReviewerRequest,
    agent: Agent,
    form: DefinitionForm,
    *,
    status: int = 200,
    seen: str = "",
) -> HttpResponse:
    context = {"agent": agent, "form": form, "seen": seen or form["seen"].value()}
    return render(request, "review/agent_edit.html", context, status=status)
