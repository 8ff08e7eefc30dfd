"""From staging to live: what the gate says, who agrees, and what is on record of it."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction

from agents import promoting
from agents.errors import CannotConnect
from agents.models import (
    LIVE,
    Agent,
    Comparison,
    Promotion,
    PromptVersion,
    RouteVersion,
    TierVersion,
    Version,
)
from agents.promoting import CannotPromote, Promoted, needs_second
from agents.versions import named
from review import audit
from review.errors import NotTheSecondPerson, ReviewError, UnfitPrompt
from review.prompt_changes import faults_of, hands_in
from review.staging.candidates import Ground, as_pairs, ground_of, in_words
from review.staging.gate import Gate
from review.staging.results import latest_of, results
from review.tiers.changing import recorded
from review.tiers.trying import try_mix

NEVER = Gate(word="few", reason="This mix was never compared with live.")
OUTDATED = "Live has changed since this was compared."
EARLIER = "Items that live answered before it last changed are among those compared."


class ReasonNeeded(ReviewError):
    """The gate does not speak for this candidate. Write down why it should go live all the same:
    your reason stays on this page and in the audit log."""

    status = 422


class StagingMoved(ReviewError):
    """Staging is no longer what you were looking at, so nothing was promoted. Look at it again."""


class LiveMoved(ReviewError):
    """Live has changed since you opened this page, so nothing was promoted. Look at what would
    change now."""


class Refused(ReviewError):
    """Nothing was promoted."""


def gate_for(ground: Ground, versions: Sequence[Sequence[Any]]) -> tuple[Gate, Comparison | None]:
    """Return what the newest comparison of exactly this mix says, and that comparison."""
    comparison = latest_of(ground.agent, versions)
    if comparison is None:
        return NEVER, None
    return gate_now(ground, comparison, results(comparison).gate), comparison


def gate_now(ground: Ground, comparison: Comparison, gate: Gate) -> Gate:
    """Return the gate; what was held against another live than today's opens none."""
    order = comparison.order
    if not gate.is_open:
        return gate
    if not ground.is_as_it_was(order.live):
        return Gate(word="few", reason=f"{OUTDATED} It was: {gate.reason}")
    if order.earlier_live:
        return Gate(word="few", reason=f"{EARLIER} It is: {gate.reason}")
    return gate


def promote_candidate(
    agent: Agent, seen: Sequence[Sequence[Any]], by: User, *, reason: str = ""
) -> Promotion:
    """Return the promotion of what staging differs in: done, or waiting for a second person.

    seen: the mix as it was read beside live. What is in force at once has answered a test call.
    Raises StagingMoved, LiveMoved, ReasonNeeded or Refused.
    """
    candidate = _looked_at(agent, seen).candidate
    if not needs_second(candidate):
        _try(candidate)
    with transaction.atomic():
        return _promoted(_looked_at(agent, seen), by, " ".join(reason.split()))


def answer(
    promotion_id: int,
    by: User,
    *,
    approves: bool,
    seen: Sequence[Sequence[Any]] = (),
    said: str = "",
) -> Promotion:
    """Return the promotion after a second person's word.

    seen: the mix as they read it beside live. To approve it asks what the pages of its parts ask:
    a test call of tiers and routes, a person who wrote none of the prompts, and prompts without
    faults. Raises Refused, StagingMoved, NotTheSecondPerson or UnfitPrompt.
    """
    said = " ".join(said.split())
    if approves:
        return _approved(Promotion.objects.get(pk=promotion_id), by, seen, said)
    try:
        with transaction.atomic():
            promotion = promoting.refuse(promotion_id, by=by, said=said)
            _record(by, promotion, said=promotion.said)
    except CannotPromote as error:
        raise Refused(str(error)) from error
    return promotion


def _looked_at(agent: Agent, seen: Sequence[Sequence[Any]]) -> Ground:
    """Return what the agent stands on, if it is what was seen."""
    ground = ground_of(agent)
    now = ground.seen
    if not now or [one[:2] for one in now] != [list(one[:2]) for one in seen]:
        raise StagingMoved
    if now != [list(one) for one in seen]:
        raise LiveMoved
    return ground


def _promoted(ground: Ground, by: User, reason: str) -> Promotion:
    mix = as_pairs(ground.candidate)
    gate, comparison = gate_for(ground, mix)
    if not gate.is_open and not reason:
        raise ReasonNeeded
    note = reason or gate.reason
    if not gate.is_open:
        note = f"Against the gate: {reason} The gate: {gate.reason}"
    beside = [mark for *_, mark in ground.seen]
    try:
        promoted = promoting.promote(mix, beside=beside, note=note, by=by)
    except CannotPromote as error:
        raise Refused(str(error)) from error
    _record_changes(by, promoted)
    _record(
        by,
        promoted.promotion,
        gate=gate.word,
        reason=reason,
        comparison=getattr(comparison, "pk", None),
    )
    return promoted.promotion


def _approved(
    promotion: Promotion, by: User, seen: Sequence[Sequence[Any]], said: str
) -> Promotion:
    if [list(one[:2]) for one in seen] != promotion.versions:
        raise StagingMoved
    mix = named(promotion.versions)
    for version in mix:
        if isinstance(version, PromptVersion):
            _require_fit(promotion, version, by)
    if promotion.outcome == Promotion.Outcome.ASKED and promotion.asked_by_id != by.pk:
        _try(mix)
    beside = [mark for *_, mark in seen]
    try:
        with transaction.atomic():
            promoted = promoting.approve(promotion.pk, beside=beside, by=by, said=said)
            _record_changes(by, promoted)
            _record(by, promoted.promotion, said=promoted.promotion.said)
    except CannotPromote as error:
        raise Refused(str(error)) from error
    return promoted.promotion


def _require_fit(promotion: Promotion, version: PromptVersion, by: User) -> None:
    """Refuse what the prompt's own page would: its writer's word, and a text with faults."""
    if by.pk != promotion.asked_by_id and by.pk in hands_in(promotion, version):
        raise NotTheSecondPerson
    if faults := faults_of(version.agent.slug, version.task, version.text):
        raise UnfitPrompt(" ".join(faults))


def _try(mix: Sequence[Version]) -> None:
    """Make the test calls, outside of any transaction. Raises Refused."""
    try:
        try_mix(mix, LIVE)
    except CannotConnect as error:
        raise Refused(f"{error} Nothing was promoted.") from error


def _record_changes(by: User, promoted: Promoted) -> None:
    """Put each tier and the routes on record as their own page does."""
    for before, after in promoted.changes:
        if isinstance(after, TierVersion):
            recorded((cast(TierVersion | None, before), after), "promoted", by)
        elif isinstance(after, RouteVersion):
            recorded((cast(RouteVersion | None, before), after), "promoted", by)


def _record(by: User, promotion: Promotion, **detail: Any) -> None:
    versions = promotion.versions
    audit.record(
        by,
        f"promotion.{promotion.outcome}",
        promotion,
        versions=versions,
        candidate=in_words(named(versions)),
        note=promotion.note,
        **detail,
    )
