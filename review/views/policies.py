"""Escalation policies: the table of rules, and its way from a draft into force."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from agents.models import DRAFT, LIVE, STAGING, Agent, PolicyVersion, Promotion
from agents.rule_sentences import Names, differences, sentence
from agents.rules import Rule
from review.errors import ReviewError
from review.forms_policy import NoteForm
from review.policies import changing, promoting, reading, what_if
from review.policies.reading import Table, Tables
from review.posted import whole_number
from review.requests import ReviewerRequest

looking = permission_required("review.view_every_queue", raise_exception=True)
configuring = permission_required("review.configure", raise_exception=True)
countersigning = permission_required("review.approve_change", raise_exception=True)


def refusing(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view for POST alone; what stands against it is shown on the page, with 422."""

    @wraps(view)
    def guarded(request: ReviewerRequest, agent: str, *args: Any, **kwargs: Any) -> HttpResponse:
        found = get_object_or_404(Agent, slug=agent)
        try:
            return view(request, found, *args, **kwargs)
        except ReviewError as error:
            return render_policy(request, found, error=error)

    return require_POST(guarded)


@require_GET
@looking
def policies_page(request: ReviewerRequest, agent: str = "") -> HttpResponse:
    """Show an agent's policy; without one named, the first agent's that has any."""
    if agent:
        return render_policy(request, get_object_or_404(Agent, slug=agent))
    with_rules = reading.agents_with_a_policy()
    if not with_rules:
        return render(request, "review/policies.html", {})
    first = next((one for one in with_rules if one.slug == "triage"), with_rules[0])
    return render_policy(request, first)


@require_GET
@looking
def what_if_page(request: ReviewerRequest, agent: str) -> HttpResponse:
    """Show what the draft, or what is in staging, would have asked of past runs."""
    found = get_object_or_404(Agent, slug=agent)
    tables = reading.tables_of(found)
    changed = _chosen(tables, request.GET.get("of", ""))
    choice = request.GET.get("runs", what_if.USUAL)
    choice = choice if choice in what_if.CHOICES else what_if.USUAL
    now = timezone.now()
    names = reading.names_of(found)
    answer = what_if.what_if(found, tables.live.rules, changed.rules, choice=choice, now=now)
    context = {
        "agent": found,
        "table": changed,
        "answer": answer,
        "choice": choice,
        "choices": {code: words for code, (words, _, _) in what_if.CHOICES.items()},
        "differing": [
            one for one in differences(tables.live.rules, changed.rules) if one.change != "same"
        ],
        "uses": [(use, sentence(use.rule, names)) for use in answer.rows],
        "listed": _listed(answer, (*tables.live.rules, *changed.rules), names),
        "now": now,
    }
    return render(request, "review/policy_what_if.html", context)


@require_GET
@looking
def compare_page(request: ReviewerRequest, agent: str) -> HttpResponse:
    """Show two tables beside each other, row by row."""
    found = get_object_or_404(Agent, slug=agent)
    tables, names = reading.tables_of(found), reading.names_of(found)
    before = _named(found, tables, request.GET.get("from", LIVE))
    after = _named(found, tables, request.GET.get("to", DRAFT))
    rows: list[dict[str, Any]] = [
        {
            "difference": one,
            "before": sentence(one.before, names) if one.before else "",
            "after": sentence(one.after, names) if one.after else "",
            "words": _words(
                one.before and one.before.when.keywords, one.after and one.after.when.keywords
            ),
        }
        for one in differences(before.rules, after.rules)
    ]
    context = {
        "agent": found,
        "before": before,
        "after": after,
        "differing": [row for row in rows if row["difference"].change != "same"],
        "same": [row for row in rows if row["difference"].change == "same"],
    }
    return render(request, "review/policy_compare.html", context)


@configuring
@refusing
def discard(request: ReviewerRequest, agent: Agent) -> HttpResponse:
    """Throw the draft away."""
    changing.discard_draft(agent, by=request.user)
    return _done(request, agent, "The draft is gone.")


@configuring
@refusing
def stage(request: ReviewerRequest, agent: Agent) -> HttpResponse:
    """Put the draft into staging."""
    changing.stage(agent, seen=_seen(request), note=_note(request), by=request.user)
    return _done(request, agent, "In staging: shadow runs work with it, customers see nothing.")


@configuring
@refusing
def unstage(request: ReviewerRequest, agent: Agent) -> HttpResponse:
    """Take it out of staging again."""
    changing.unstage(agent, by=request.user)
    return _done(request, agent, "Staging works with what is in force again.")


@configuring
@refusing
def ask(request: ReviewerRequest, agent: Agent) -> HttpResponse:
    """Ask a second person to put what is in staging into force."""
    promoting.ask_for_live(agent, seen=_seen(request), note=_note(request), by=request.user)
    return _done(request, agent, "Asked: it comes into force once another person has approved it.")


@configuring
@refusing
def back(request: ReviewerRequest, agent: Agent, version_id: int = 0) -> HttpResponse:
    """Put an earlier version into force again, or with 0 what the agent came with."""
    version = None
    if version_id:
        version = get_object_or_404(PolicyVersion, pk=version_id, agent=agent, environment=LIVE)
    after = changing.roll_back(agent, version, by=request.user)
    return _done(request, agent, f"In force from the next run on, as version {after.version}.")


@countersigning
@refusing
def approve(request: ReviewerRequest, agent: Agent, promotion_id: int) -> HttpResponse:
    """Put it into force as the second person."""
    get_object_or_404(Promotion, pk=promotion_id)
    seen = whole_number(request.POST.get("live", ""))
    after = promoting.approve(promotion_id, seen_live=seen, said=_note(request), by=request.user)
    return _done(request, agent, f"Version {after.version} is in force from the next run on.")


@looking
@refusing
def refuse(request: ReviewerRequest, agent: Agent, promotion_id: int) -> HttpResponse:
    """Refuse it, or take it back where one asked oneself."""
    promotion = get_object_or_404(Promotion, pk=promotion_id)
    mine = promotion.asked_by_id == request.user.pk
    if not mine and not request.user.has_perm("review.approve_change"):
        raise Http404
    promoting.refuse(promotion_id, said=_note(request), by=request.user)
    return _done(request, agent, "Taken back." if mine else "Refused.")


def render_policy(
    request: ReviewerRequest, agent: Agent, *, error: ReviewError | None = None
) -> HttpResponse:
    """Return the agent's policy page; error: what stood against what was posted."""
    tables, names = reading.tables_of(agent), reading.names_of(agent)
    table = _shown(tables, request.GET.get("of", ""), request.user.has_perm("review.configure"))
    now = timezone.now()
    context = {
        "agent": agent,
        "agents": reading.agents_with_a_policy(),
        "tables": tables,
        "table": table,
        "groups": reading.groups(table, tables.live, names),
        "changes": _changes(tables.live, tables.draft),
        "staged_changes": _changes(tables.live, tables.staging),
        "asked": _asked(request, agent, tables.live, names),
        "history": reading.history_of(agent),
        "share": reading.tier_3_share(now),
        "error": error,
        "note": request.POST.get("note", ""),
        "may_edit": request.user.has_perm("review.configure"),
        "may_approve": request.user.has_perm("review.approve_change"),
        "now": now,
    }
    return render(request, "review/policies.html", context, status=error.status if error else 200)


def _asked(
    request: ReviewerRequest, agent: Agent, live: Table, names: Names
) -> list[dict[str, Any]]:
    """Return the wishes that wait, each with what it would change."""
    found = []
    for asked in reading.asked_for(agent, request.user):
        table = reading.table_of_version(agent, asked.version)
        differing = [one for one in differences(live.rules, table.rules) if one.change != "same"]
        changes = [(one, sentence(one.rule, names)) for one in differing]
        found.append({"asked": asked, "changes": changes})
    return found


def _shown(tables: Tables, of: str, may_edit: bool) -> Table:
    chosen = {LIVE: tables.live, STAGING: tables.staging, DRAFT: tables.draft}.get(of)
    return chosen or (tables.draft if may_edit and not of else None) or tables.live


def _chosen(tables: Tables, of: str) -> Table:
    """Return what is held against past runs: as asked, else the draft, staging, or live itself."""
    named = {STAGING: tables.staging, DRAFT: tables.draft}.get(of)
    return named or tables.draft or tables.staging or tables.live


def _named(agent: Agent, tables: Tables, name: str) -> Table:
    """Return the table that an address names: an environment, `file` or a version's number."""
    if name == "file":
        return reading.table_of_version(agent, None)
    if (number := whole_number(name)) is not None:
        version = get_object_or_404(PolicyVersion, agent=agent, environment=LIVE, version=number)
        return reading.table_of_version(agent, version)
    return {STAGING: tables.staging, DRAFT: tables.draft}.get(name) or tables.live


def _changes(live: Table, other: Table | None) -> int:
    if other is None:
        return 0
    return sum(one.change != "same" for one in differences(live.rules, other.rules))


def _listed(answer: what_if.WhatIf, rules: Sequence[Rule], names: Names) -> list[dict[str, Any]]:
    """Return the runs that differ, each with the names of the rows it gains and loses."""
    called = {rule.id: rule.name for rule in rules}
    return [
        {
            "one": one,
            "gained": [called[row] for row in one.after.rows if row not in one.before.rows],
            "lost": [called[row] for row in one.before.rows if row not in one.after.rows],
            "queue": names.queues.get(one.after.queue, "")
            if one.after.queue != one.before.queue
            else "",
        }
        for one in answer.changed
    ]


def _words(before: Any, after: Any) -> dict[str, list[str]]:
    """Return the phrases that came and went."""
    was, now = before or (), after or ()
    return {
        "added": [word for word in now if word not in was] if was else [],
        "removed": [word for word in was if word not in now] if now else [],
    }


def _note(request: ReviewerRequest) -> str:
    form = NoteForm(request.POST)
    return str(form.cleaned_data["note"]) if form.is_valid() else ""


def _seen(request: ReviewerRequest) -> int | None:
    """Return the version that the page showed which this was posted from."""
    return whole_number(request.POST.get("version", ""))


def _done(request: ReviewerRequest, agent: Agent, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("policies", agent.slug)
