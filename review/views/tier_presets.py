"""Filling all tiers with a provider's preset: shown with its cost, tried, then in force."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from agents.connections import TIERS
from agents.errors import CannotConnect
from agents.models import STAGING
from agents.tiers import tier_in_force
from review.forms_tier_edit import PresetForm
from review.requests import ReviewerRequest
from review.tiers.changing import change_tiers, in_words
from review.tiers.costs import tier_estimate
from review.tiers.presets import Preset, presets
from review.tiers.staged import environments
from review.tiers.words import differences, tier_facts


@sensitive_post_parameters("key")
@require_http_methods(["GET", "POST"])
@permission_required("review.configure", raise_exception=True)
def preset_page(request: ReviewerRequest, slug: str) -> HttpResponse:
    """Show what the preset would change and cost, and put it in force after a test call."""
    preset = next((one for one in presets() if one.slug == slug), None)
    if preset is None:
        raise Http404
    known: dict[str, Any] = {
        "preset": preset,
        "environments": environments(),
        "based_on": {
            (place, tier): tier_in_force(tier, place).pk
            for place in environments()
            for tier in TIERS
        },
    }
    if request.method == "GET":
        return _render(request, PresetForm(**known))
    form = PresetForm(request.POST, **known)
    if form.is_valid() and request.POST.get("act", "save") == "save":
        data = form.cleaned_data
        try:
            change_tiers(
                data["environment"],
                data["wanted"],
                based_on=form.based_on(),
                reason=data["reason"],
                by=request.user,
            )
        except CannotConnect as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _said(preset, data["environment"]))
            return redirect("tiers")
    return _render(request, form)


def _said(preset: Preset, environment: str) -> str:
    if environment == STAGING:
        return f"Staging has the settings of {preset.name}. Live is as it was."
    return f"Every tier runs by the settings of {preset.name} from its next call on."


def _render(request: ReviewerRequest, form: PresetForm) -> HttpResponse:
    is_wrong = form.is_bound and not form.is_valid()
    environment = form["environment"].value()
    if environment not in environments():
        environment = environments()[0]
    context = {
        "form": form,
        "preset": form.preset,
        "presets": presets(),
        "environments": environments(),
        "environment": environment,
        "tiers": [_tier(form, tier, environment) for tier in TIERS],
    }
    return render(request, "review/tiers/preset.html", context, status=422 if is_wrong else 200)


def _tier(form: PresetForm, tier: int, environment: str) -> dict[str, Any]:
    """Return a tier's part of the page: its field, what would change and what that would cost."""
    before, live = tier_in_force(tier, environment), tier_in_force(tier, environments()[0])
    field = form[f"model-{tier}"]
    model = str(field.value() or "")
    try:
        wanted = form.preset.settings(tier, model, str(form["endpoint"].value() or ""), "")
    except CannotConnect:
        wanted = None
    return {
        "tier": tier,
        "name": f"tier {tier}",
        "field": field,
        "changes": differences(in_words(before), tier_facts(wanted.content)) if wanted else [],
        "is_whole": wanted is not None,
        "estimate": tier_estimate(tier, live.model, model, timezone.now()) if wanted else None,
    }
