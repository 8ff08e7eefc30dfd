"""Editing a tier, the routes, or all tiers by a preset; each says what it would cost first."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from agents import versions
from agents.connections import TIERS
from agents.errors import CannotConnect
from agents.models import RouteVersion, TierVersion
from agents.tiers import known_tasks, routes_of, tier_in_force
from review.forms_tier_edit import RouteForm, TierForm
from review.requests import ReviewerRequest
from review.tiers.changing import change_routes, change_tier, in_words
from review.tiers.costs import Estimate, route_estimates, tier_estimate
from review.tiers.staged import environments, live_models
from review.tiers.words import HELD, PURPOSES, Difference, differences, task_in_words, tier_facts
from review.views.tiers import in_force_said

PREVIEW = "preview"
SAVE = "save"


@sensitive_post_parameters("key")
@require_http_methods(["GET", "POST"])
@permission_required("review.configure", raise_exception=True)
def edit_tier(request: ReviewerRequest, tier: int) -> HttpResponse:
    """Show a tier's form, and change the tier by it after a call to each changed model."""
    environment = environment_of(request, tier)
    act = request.POST.get("act", SAVE)
    if request.method == "GET":
        form = TierForm.showing(tier_in_force(tier, environment))
        return _tier_form(request, tier, environment, form)
    if act not in {SAVE, PREVIEW}:
        return _tier_form(request, tier, environment, TierForm.rearranged(request.POST, act))
    form = TierForm(request.POST)
    if form.is_valid() and act == SAVE:
        try:
            new = change_tier(
                tier,
                environment,
                form.settings(),
                based_on=form.cleaned_data["based_on"],
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
        except CannotConnect as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, in_force_said(new))
            return redirect("tiers")
    return _tier_form(request, tier, environment, form)


@require_GET
@permission_required("review.configure", raise_exception=True)
def tier_cost(request: ReviewerRequest, tier: int) -> HttpResponse:
    """Show what the tier's last week would cost on the model as it is typed."""
    environment_of(request, tier)
    typed = request.GET.get("model", "").strip()
    return render(request, "review/tiers/edit.html#cost", _cost_of(tier, typed))


@require_http_methods(["GET", "POST"])
@permission_required("review.configure", raise_exception=True)
def edit_routes(request: ReviewerRequest) -> HttpResponse:
    """Show which tier each task runs on, and change it after a call to the tiers they move to."""
    environment = environment_of(request)
    now = versions.in_force(RouteVersion, environment)
    tasks, routes = known_tasks(), routes_of(now)
    if request.method == "GET":
        initial = {f"task-{task}": tier for task, tier in routes.items()}
        initial["based_on"] = now.pk if now else 0
        return _route_form(request, environment, RouteForm(tasks=tasks, initial=initial))
    form = RouteForm(request.POST, tasks=tasks)
    if form.is_valid() and request.POST.get("act", SAVE) == SAVE:
        try:
            new = change_routes(
                environment,
                form.routes(),
                based_on=form.cleaned_data["based_on"],
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
        except CannotConnect as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, in_force_said(new))
            return redirect("tiers")
    return _route_form(request, environment, form)


@require_GET
@permission_required("review.configure", raise_exception=True)
def routes_cost(request: ReviewerRequest) -> HttpResponse:
    """Show what the last week of the tasks that would move would cost."""
    wanted = {
        task: int(request.GET[f"task-{task}"])
        for task in known_tasks()
        if request.GET.get(f"task-{task}", "") in {str(tier) for tier in TIERS}
    }
    context = {"estimates": _moved(wanted)}
    return render(request, "review/tiers/routes.html#cost", context)


def environment_of(request: ReviewerRequest, tier: int = 1) -> str:
    """Return the environment that the address names. Raises Http404 for another, or no tier."""
    environment = request.GET.get("environment", settings.ENVIRONMENT)
    if environment not in environments() or tier not in TIERS:
        raise Http404
    return environment


def _tier_form(
    request: ReviewerRequest, tier: int, environment: str, form: TierForm
) -> HttpResponse:
    before = tier_in_force(tier, environment)
    is_checked = form.is_bound and form.is_valid()
    context = {
        "form": form,
        "tier": tier,
        "purpose": PURPOSES[tier],
        "environment": environment,
        "environments": environments(),
        "before": before,
        "is_previewed": is_checked,
        "changes": _changes(before, form) if is_checked else [],
        **_cost_of(tier, form.rows[0].model),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "review/tiers/edit.html", context, status=status)


def _changes(before: TierVersion, form: TierForm) -> list[Difference]:
    return differences(in_words(before), tier_facts(form.settings().content))


def _cost_of(tier: int, model: str) -> dict[str, Any]:
    """Return what the cost's part of the form shows; the use is always live's."""
    now = tier_in_force(tier, settings.ENVIRONMENT)
    return {"estimate": tier_estimate(tier, now.model, model or now.model, timezone.now())}


def _moved(wanted: dict[str, int]) -> list[Estimate]:
    """Return what each task would cost that is to run elsewhere than it does live."""
    before = routes_of(versions.in_force(RouteVersion, settings.ENVIRONMENT))
    return list(route_estimates(before, wanted, live_models(), timezone.now()))


def _route_form(request: ReviewerRequest, environment: str, form: RouteForm) -> HttpResponse:
    is_checked = form.is_bound and form.is_valid()
    before = versions.in_force(RouteVersion, environment)
    now = routes_of(before)
    context = {
        "form": form,
        "environment": environment,
        "environments": environments(),
        "before": before,
        "rows": [
            {
                "task": task,
                "says": task_in_words(task),
                "held": HELD.get(task),
                "field": None if task in HELD else form[f"task-{task}"],
            }
            for task in form.tasks
        ],
        "is_previewed": is_checked,
        "estimates": _moved(form.routes() if is_checked else now),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "review/tiers/routes.html", context, status=status)
