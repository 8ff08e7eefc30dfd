"""Staging: what it differs in, comparing it with live in shadow, and putting it into force."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.models import Agent, Comparison, Promotion
from review.errors import ReviewError
from review.forms_staging import AnswerForm, PromoteForm, StartForm
from review.models import ComparedPair
from review.requests import ReviewerRequest
from review.staging import page as pages
from review.staging import promotion as promotions
from review.staging.candidates import compared_agents, ground_of
from review.staging.results import SHOWN
from review.staging.results import pair_page as pairs_in_order
from review.staging.starting import MOST, start_comparison, stop_comparison

# What the form offers: enough to tell by, where there are so many.
OFFERED = {"reviewed_items": 200, "live_share_percent": 0, "live_wished": 0}
LOOK = permission_required("review.view_every_queue", raise_exception=True)
ACT = permission_required("review.configure", raise_exception=True)


@require_GET
@LOOK
def staging_page(request: ReviewerRequest) -> HttpResponse:
    """Show what staging differs in, the comparison of it, and the form that starts one."""
    agents = compared_agents()
    return _render(request, _of(agents, request.GET), StartForm(initial=OFFERED), agents=agents)


@require_http_methods(["GET", "POST"])
@ACT
def start(request: ReviewerRequest) -> HttpResponse:
    """Start a comparison; one that may cost money asks for agreement first."""
    agent = _agent(request.POST or request.GET)
    if request.method == "GET" or agent is None:
        return redirect("staging")  # the address of an answer that was reloaded
    form = StartForm(request.POST)
    if not form.is_valid():
        return _render(request, agent, form)
    try:
        start_comparison(
            agent,
            form.asked(),
            request.user,
            agreed=form.cleaned_data["agreed"],
            agreed_usd=form.cleaned_data["agreed_usd"],
        )
    except ReviewError as error:
        form.add_error(None, str(error))
        return _render(request, agent, form)
    return redirect(f"{reverse('staging')}?agent={agent.slug}#result")


@require_POST
@ACT
def stop(request: ReviewerRequest, comparison_id: int) -> HttpResponse:
    """Stop a comparison; what it found so far stays."""
    comparison = get_object_or_404(Comparison.objects.select_related("agent"), pk=comparison_id)
    stopped = stop_comparison(comparison_id, request.user)
    messages.success(
        request, "Stopped. What it found so far stays." if stopped else "It had ended already."
    )
    return redirect(f"{reverse('staging')}?agent={comparison.agent.slug}#result")


@require_http_methods(["GET", "POST"])
@ACT
def promote(request: ReviewerRequest) -> HttpResponse:
    """Put what staging differs in into force in live, or ask a second person to."""
    agent, form = _agent(request.POST), PromoteForm(request.POST)
    if request.method == "GET" or agent is None:
        return redirect("staging")
    shown = StartForm(initial=OFFERED)
    if not form.is_valid():
        return _render(request, agent, shown, promote=form)
    try:
        promotion = promotions.promote_candidate(
            agent,
            form.cleaned_data["versions"],
            request.user,
            reason=form.cleaned_data["reason"],
        )
    except ReviewError as error:
        form.add_error(None, str(error))
        return _render(request, agent, shown, promote=form)
    is_done = promotion.outcome == Promotion.Outcome.DONE
    said = "All of it is live from the next run on." if is_done else "A second person is asked."
    messages.success(request, said)
    return redirect(f"{reverse('staging')}?agent={agent.slug}")


@require_POST
@LOOK
def answer(request: ReviewerRequest, promotion_id: int) -> HttpResponse:
    """Give a second person's word on a promotion; who asked may withdraw it."""
    promotion = get_object_or_404(Promotion, pk=promotion_id)
    if not request.user.has_perm("review.approve_change") and promotion.asked_by != request.user:
        return HttpResponse(status=403)
    form = AnswerForm(request.POST)
    agent = _agent(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was changed. Look at the page again.")
        return redirect("staging")
    given = form.cleaned_data
    try:
        done = promotions.answer(
            promotion_id,
            request.user,
            approves=given["approves"],
            seen=given["versions"],
            said=given["said"],
        )
        messages.success(request, f"{done.get_outcome_display()}.")
    except ReviewError as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('staging')}?agent={agent.slug if agent else ''}")


@require_GET
@LOOK
def comparison_page(request: ReviewerRequest, comparison_id: int) -> HttpResponse:
    """Show a comparison's figures and its items side by side, a page at a time."""
    comparison = get_object_or_404(
        Comparison.objects.select_related("agent", "order", "started_by"), pk=comparison_id
    )
    shown = request.GET.get("show", "")
    best_first = request.GET.get("order") == "best"
    page = pairs_in_order(
        comparison, shown=shown, best_first=best_first, after=request.GET.get("after", "")
    )
    following = request.GET.copy()
    following["after"] = page.after
    ground = ground_of(comparison.agent)
    candidate, mix = pages.mix_of(comparison, ground)
    context = {
        "result": pages.result_of(comparison, ground),
        "candidate": candidate,
        "mix": mix,
        "pairs": [pages.pair_shown(pair) for pair in page.pairs],
        "after": page.after,
        "following": following.urlencode(),
        "shown": shown if shown in SHOWN else "",
        "best_first": best_first,
        "now": timezone.now(),
    }
    return render(request, "review/staging/comparison.html", context)


@require_GET
@LOOK
def pair_page(request: ReviewerRequest, comparison_id: int, pair_id: int) -> HttpResponse:
    """Show one item: what was asked, both drafts, what was sent, and what both took."""
    pair = get_object_or_404(
        ComparedPair.objects.select_related(
            "comparison__agent",
            "live_run__input",
            "live_run__result",
            "shadow__result",
            "verdict__item__ticket__customer",
            "verdict__reviewer",
            "verdict__proposed",
            "verdict__final",
        ),
        pk=pair_id,
        comparison=comparison_id,
        measured_at__isnull=False,
    )
    context = {"shown": pages.pair_shown(pair), "conversation": pair.live_run.input.content}
    return render(request, "review/staging/pair.html", context)


def _agent(given: Mapping[str, Any]) -> Agent | None:
    """Return the agent that was asked for, else the first that can be compared."""
    return _of(compared_agents(), given)


def _of(agents: Sequence[Agent], given: Mapping[str, Any]) -> Agent | None:
    asked = [agent for agent in agents if agent.slug == given.get("agent")]
    return next(iter([*asked, *agents]), None)


def _render(
    request: ReviewerRequest,
    agent: Agent | None,
    form: StartForm,
    *,
    promote: PromoteForm | None = None,
    agents: Sequence[Agent] = (),
) -> HttpResponse:
    if agent is None:
        return render(request, "review/staging.html", {"page": None})
    page = pages.staging_page(agents or compared_agents(), agent)
    runs = _runs_of(form)
    worst = page.cost.for_runs(runs)
    context = {
        "page": page,
        "form": form,
        "promote": promote,
        "most": MOST,
        "cost": pages.cost_in_words(page.cost, runs),
        "worst": worst,
        "now": timezone.now(),
    }
    is_wrong = bool(form.errors or (promote and promote.errors))
    return render(request, "review/staging.html", context, status=422 if is_wrong else 200)


def _runs_of(form: StartForm) -> int:
    """Return how many shadow runs the form as it stands may become."""
    if form.is_bound and hasattr(form, "cleaned_data"):
        given: Mapping[str, Any] = form.cleaned_data
        live = given.get("live_wished") if given.get("live_share_percent") else 0
        return int(given.get("reviewed_items") or 0) + int(live or 0)
    return OFFERED["reviewed_items"]
