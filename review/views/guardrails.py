"""Guardrails: how they stand, switching one off for a time, trying them on a text."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.guardrails.registry import NAMED
from agents.models import LONGEST_WAIVER, Agent, Waiver
from review import guardrails, waiving
from review.forms_guardrails import USUAL_WAIVER, TryForm, WaiverForm
from review.requests import ReviewerRequest


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def guardrails_page(request: ReviewerRequest) -> HttpResponse:
    """Show every guardrail, the waivers and the box to try them."""
    return _render(request)


@require_http_methods(["GET", "POST"])
@permission_required("review.configure", raise_exception=True)
def switch_off(request: ReviewerRequest, name: str) -> HttpResponse:
    """Switch a guardrail off for a time; what stands against it is said, what was typed kept."""
    if name not in NAMED:
        raise Http404
    if request.method == "GET":
        return redirect("guardrails")  # the address of an answer that was reloaded
    form = WaiverForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            waiving.switch_off(
                name,
                data["agent"],
                ends_at=data["ends_at"],
                reason=data["reason"],
                by=request.user,
            )
        except waiving.CannotWaive as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{NAMED[name].title}” is off and comes back by itself.")
            return redirect("guardrails")
    return _render(request, waiver_form=form, switching=name)


@require_POST
@permission_required("review.configure", raise_exception=True)
def re_arm(request: ReviewerRequest, waiver_id: int) -> HttpResponse:
    """End a waiver before its time."""
    waiver = get_object_or_404(Waiver, pk=waiver_id)
    known = NAMED.get(waiver.guardrail)
    title = known.title if known else waiver.guardrail
    if waiving.re_arm(waiver, by=request.user):
        messages.success(request, f"This waiver of “{title}” has ended.")
    else:
        messages.info(request, f"This waiver of “{title}” had ended already.")
    return redirect("guardrails")


@require_http_methods(["GET", "POST"])
@permission_required("review.view_every_queue", raise_exception=True)
def try_out(request: ReviewerRequest) -> HttpResponse:
    """Say what each guardrail finds in the pasted texts; nothing is stored."""
    if request.method == "GET":
        return redirect("guardrails")
    form = TryForm(request.POST)
    found = guardrails.tried(form.subject()) if form.is_valid() else None
    return _render(request, try_form=form, tried=found)


def _render(
    request: ReviewerRequest,
    *,
    waiver_form: WaiverForm | None = None,
    switching: str = "",
    try_form: TryForm | None = None,
    tried: Any = None,
) -> HttpResponse:
    now = timezone.now()
    in_force = waiving.waivers_in_force(now)
    context = {
        "now": now,
        "page": guardrails.guardrails_page(now, in_force),
        "waivers_in_force": in_force,
        "history": waiving.past_waivers(now),
        "agents": list(Agent.objects.order_by("name")),
        "waiver_form": waiver_form,
        "switching": switching,
        "earliest": timezone.localtime(now),
        "usual": timezone.localtime(now + USUAL_WAIVER),
        "latest": timezone.localtime(now + LONGEST_WAIVER),
        "try_form": try_form,
        "tried": tried,
    }
    failed = (waiver_form and waiver_form.errors) or (try_form and try_form.errors)
    return render(request, "review/guardrails.html", context, status=422 if failed else 200)
