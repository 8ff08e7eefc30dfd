"""Which model each tier runs on, which tier each task, and putting another one there."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.errors import CannotConnect
from agents.models import RouteVersion, TierVersion
from agents.tiers import routes_of
from review.connecting import connect
from review.forms_tiers import ConnectForm
from review.requests import ReviewerRequest
from review.tiers.changing import Changed, use_again
from review.tiers.presets import presets
from review.tiers.staged import environments, staged_changes
from review.tiers.standing import (
    previous_routes,
    routes_in_force,
    task_standings,
    tier_standings,
    tier_three_shares,
)

NOTHING_CHANGED = "Nothing was changed."
KINDS: dict[str, type[TierVersion] | type[RouteVersion]] = {
    "tier": TierVersion,
    "routes": RouteVersion,
}


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def tiers_page(request: ReviewerRequest) -> HttpResponse:
    """Show the tiers, the routes and their use, and the form that connects a model."""
    tier = request.GET.get("tier", "")
    form = ConnectForm(initial={"tier": tier} if tier.isdecimal() else None)
    return _render(request, form)


@sensitive_post_parameters("key")
@require_http_methods(["GET", "POST"])
@permission_required("review.configure", raise_exception=True)
def connect_model(request: ReviewerRequest) -> HttpResponse:
    """Connect the model after a test call; what stands against it is said, what was typed kept."""
    if request.method == "GET":
        return redirect("tiers")  # the address of an answer that was reloaded
    form = ConnectForm(request.POST)
    if not form.is_valid():
        return _render(request, form)
    try:
        versions = connect(
            form.tiers(),
            form.connection,
            reason=form.cleaned_data["reason"],
            by=request.user,
            as_fallback=form.cleaned_data["as_fallback"],
        )
    except CannotConnect as error:
        form.add_error(None, str(error))
        return _render(request, form)
    messages.success(request, _said(versions, form.connection.model))
    return redirect(reverse("tiers") + "#main")  # or the form's own fragment would be kept


@require_POST
@permission_required("review.configure", raise_exception=True)
def use_version_again(request: ReviewerRequest, kind: str, version_id: int) -> HttpResponse:
    """Put an earlier version's settings back, as a new version, after a test call."""
    version = version_of(kind, version_id)
    reason = f"Back to version {version.version}: {version.reason}"
    try:
        again = use_again(version, reason=reason, by=request.user)
    except CannotConnect as error:
        messages.error(request, f"{error} {NOTHING_CHANGED}")
    else:
        messages.success(request, in_force_said(again))
    return redirect(f"{reverse('tiers-history')}?of={what_of(version)}")


def version_of(kind: str, version_id: int) -> Changed:
    """Return the version of this kind. Raises Http404 where there is none, or not here."""
    if kind not in KINDS:
        raise Http404
    here = KINDS[kind]._default_manager.filter(environment__in=environments())
    return cast(Changed, get_object_or_404(here, pk=version_id))


def what_of(version: Changed) -> str:
    """Return the word by which the history's address names the thing."""
    return str(version.tier) if isinstance(version, TierVersion) else "routes"


def in_force_said(version: Changed) -> str:
    """Return a sentence on what counts from now on."""
    if version.environment != settings.ENVIRONMENT:
        what = f"Tier {version.tier}" if isinstance(version, TierVersion) else "The routes"
        how = "is" if isinstance(version, TierVersion) else "are"
        return f"{what} {how} changed on staging. Live is as it was."
    if isinstance(version, TierVersion):
        return _said([version], version.model)
    return "Tasks run by these routes from their next run on."


def _said(versions: list[TierVersion], model: str) -> str:
    where = "Every tier" if len(versions) > 1 else f"Tier {versions[0].tier}"
    how = "runs on" if versions[0].model == model else "falls back to"
    return f"{where} {how} {model} from its next call on."


def _render(request: ReviewerRequest, form: ConnectForm) -> HttpResponse:
    now = timezone.now()
    staged = staged_changes()
    routes = routes_in_force()
    routed = routes_of(routes)
    standings = tier_standings(now, routed, staged)
    context = {
        "form": form,
        "tiers": standings,
        "connected": [tier for tier in standings if tier.is_connected],
        "overdue": [tier for tier in standings if tier.is_overdue],
        "shares": tier_three_shares(standings),
        "tasks": task_standings(now, routed, staged),
        "routes": routes,
        "previous_routes": previous_routes(),
        "staged": staged,
        "environments": environments(),
        "presets": presets(),
        "now": now,
    }
    return render(request, "review/tiers.html", context, status=422 if form.errors else 200)
