"""One row of a policy: written in a form, moved, taken out. All of it goes into the draft."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from agents.models import Agent
from agents.policies import currency_of
from agents.rule_forms import BadRules
from agents.rules import Rule
from agents.tools.registry import tools_of
from review.errors import ReviewError
from review.forms_policy import RuleForm
from review.policies import changing, reading
from review.requests import ReviewerRequest
from review.views.policies import configuring, refusing

editing = permission_required("review.configure", raise_exception=True)
IN_DRAFT = "Saved in the draft. Nothing is in force yet."


@require_http_methods(["GET", "POST"])
@editing
def row_page(request: ReviewerRequest, agent: str, rule_id: str = "") -> HttpResponse:
    """Show a row in a form, or a new one, and save it in the draft."""
    found = get_object_or_404(Agent, slug=agent)
    rules = _rules(found)
    rule = next((one for one in rules if one.id == rule_id), None)
    if rule_id and rule is None:
        raise Http404
    known: dict[str, Any] = {
        "names": reading.names_of(found),
        "tools": tools_of(found.slug),
        "taken": [one.id for one in rules],
    }
    if request.method == "GET":
        form = (
            RuleForm.showing(rule, changing.row_digest(rule), **known)
            if rule
            else RuleForm(initial={"currency": currency_of(found), "category": "*"}, **known)
        )
        return _render(request, found, form, rule)
    form = RuleForm(request.POST, **known)
    form.rule_id = rule_id
    return (
        _saved(request, found, form, rule)
        if form.is_valid()
        else _render(request, found, form, rule)
    )


@configuring
@refusing
def move(request: ReviewerRequest, agent: Agent, rule_id: str) -> HttpResponse:
    """Move the row up or down among those of its category."""
    direction: changing.Direction = "up" if request.POST.get("direction") == "up" else "down"
    changing.move_rule(agent, rule_id, direction, by=request.user)
    return _back_to(agent, rule_id)


@configuring
@refusing
def remove(request: ReviewerRequest, agent: Agent, rule_id: str) -> HttpResponse:
    """Take the row out of the draft."""
    changing.remove_rule(agent, rule_id, by=request.user)
    messages.success(request, "Taken out of the draft. Nothing is in force yet.")
    return redirect("policies", agent.slug)


def _saved(
    request: ReviewerRequest, agent: Agent, form: RuleForm, rule: Rule | None
) -> HttpResponse:
    data = form.cleaned_data
    try:
        changing.save_rule(
            agent,
            form.rule,
            seen=data["seen"] if rule else None,
            note=data["note"],
            by=request.user,
        )
    except ReviewError as error:
        form.add_error(None, str(error))
        return _render(request, agent, form, rule)
    except BadRules as error:
        form.add_error(None, " ".join(error.faults))
        return _render(request, agent, form, rule)
    messages.success(request, IN_DRAFT)
    return _back_to(agent, form.rule.id)


def _back_to(agent: Agent, rule_id: str) -> HttpResponse:
    response = redirect("policies", agent.slug)
    response["Location"] += f"#rule-{rule_id}"
    return response


def _rules(agent: Agent) -> tuple[Rule, ...]:
    tables = reading.tables_of(agent)
    return (tables.draft or tables.live).rules


def _render(
    request: ReviewerRequest, agent: Agent, form: RuleForm, rule: Rule | None
) -> HttpResponse:
    context: dict[str, Any] = {"agent": agent, "form": form, "rule": rule}
    status = 422 if form.errors else 200
    return render(request, "review/policy_row.html", context, status=status)
