"""What staging differs in, promoting and withdrawing it, and the history of tiers and routes."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.connections import TIERS
from agents.errors import CannotConnect
from agents.models import STAGING
from review.forms_tier_edit import PromoteForm
from review.posted import whole_number
from review.requests import ReviewerRequest
from review.tiers.changing import promote, withdraw
from review.tiers.history import ROUTES, compared, history_of
from review.tiers.staged import environments, estimates, staged_changes
from review.views.tiers import in_force_said, version_of


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def differences_page(request: ReviewerRequest) -> HttpResponse:
    """Show what staging differs in, beside live, with what promotes and withdraws it."""
    return _render(request)


@require_http_methods(["GET", "POST"])
@permission_required("review.configure", raise_exception=True)
def promote_version(request: ReviewerRequest, kind: str, version_id: int) -> HttpResponse:
    """Put what staging has in force on live, after a test call."""
    if request.method == "GET":
        return redirect("tiers-differences")  # the address of an answer that was reloaded
    version = version_of(kind, version_id)
    form = PromoteForm(request.POST)
    if form.is_valid():
        try:
            new = promote(
                version,
                beside=form.cleaned_data["beside"],
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
        except CannotConnect as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, in_force_said(new))
            return redirect(reverse("tiers") + "#main")  # or the form's own fragment would be kept
    return _render(request, form, version_id, kind)


@require_POST
@permission_required("review.configure", raise_exception=True)
def withdraw_version(request: ReviewerRequest, kind: str, version_id: int) -> HttpResponse:
    """Take a version out of staging, so that live's counts there again."""
    version = version_of(kind, version_id)
    if version.environment == STAGING and withdraw(version, by=request.user):
        messages.success(request, "Withdrawn: staging is as live is there. It is in the history.")
    else:
        messages.error(request, "It is not on staging any more. Nothing was changed.")
    return redirect("tiers")


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def history_page(request: ReviewerRequest) -> HttpResponse:
    """Show a tier's or the routes' versions, and two of them compared."""
    what = request.GET.get("of", "1")
    if what not in {*(str(tier) for tier in TIERS), ROUTES}:
        raise Http404
    past = history_of(what)
    picked = {pk for one in request.GET.getlist("v") if (pk := whole_number(one)) is not None}
    beside = compared(past, picked)
    context = {
        "what": what,
        "kind": "routes" if what == ROUTES else "tier",
        "tiers": [str(tier) for tier in TIERS],
        "past": past,
        "environments": environments(),
        "picked": picked,
        "compared": beside,
        "wrong_pick": bool(picked) and beside is None,
        "now": timezone.now(),
    }
    return render(request, "review/tiers/history.html", context)


def _render(
    request: ReviewerRequest, form: PromoteForm | None = None, wrong: int = 0, kind: str = ""
) -> HttpResponse:
    now = timezone.now()
    rows = [
        {
            "staged": staged,
            "estimates": estimates(staged, now),
            "form": form if staged.kind == kind and staged.version.pk == wrong else None,
        }
        for staged in staged_changes()
    ]
    is_gone = form is not None and not any(row["form"] for row in rows)
    context = {"rows": rows, "gone": form if is_gone else None, "now": now}
    return render(
        request, "review/tiers/differences.html", context, status=422 if form is not None else 200
    )
