"""Which model each tier runs on, and putting another one there."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.errors import CannotConnect
from agents.models import TierVersion
from review.connecting import connect, use_again
from review.forms_tiers import ConnectForm
from review.requests import ReviewerRequest
from review.tiers import earlier_versions, tier_standings

NOTHING_CHANGED = "Nothing was changed."


@require_GET
@permission_required("review.configure", raise_exception=True)
def tiers_page(request: ReviewerRequest) -> HttpResponse:
    """Show the tiers, their use and their history, and the form that connects a model."""
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
def use_version_again(request: ReviewerRequest, version_id: int) -> HttpResponse:
    """Put an earlier version's settings back, as a new version, after a test call."""
    version = get_object_or_404(TierVersion, pk=version_id, environment=settings.ENVIRONMENT)
    reason = f"Back to version {version.version}: {version.reason}"
    try:
        again = use_again(version, reason=reason, by=request.user)
    except CannotConnect as error:
        messages.error(request, f"{error} {NOTHING_CHANGED}")
    else:
        messages.success(request, _said([again], again.model))
    return redirect("tiers")


def _said(versions: list[TierVersion], model: str) -> str:
    where = "Every tier" if len(versions) > 1 else f"Tier {versions[0].tier}"
    how = "runs on" if versions[0].model == model else "falls back to"
    return f"{where} {how} {model} from its next call on."


def _render(request: ReviewerRequest, form: ConnectForm) -> HttpResponse:
    standings = tier_standings(timezone.now())
    context = {
        "form": form,
        "tiers": standings,
        "connected": [tier for tier in standings if tier.is_connected],
        "versions": earlier_versions(),
        "now": timezone.now(),
    }
    return render(request, "review/tiers.html", context, status=422 if form.errors else 200)
