"""From staging to live: what the gate says, who agrees, and what is on record of it."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from agents import promoting
from agents.models import Agent, Comparison, Promotion
from agents.promoting import CannotPromote
from agents.versions import named
from review import audit
from review.errors import ReviewError
from review.staging.candidates import Ground, as_pairs, ground_of, in_words
from review.staging.gate import Gate
from review.staging.results import latest_of, results

NEVER = Gate(word="few", reason="This mix was never compared with live.")
OUTDATED = "Live has changed since this was compared."
EARLIER = "Items that live answered before it last changed are among those compared."


class ReasonNeeded(ReviewError):
    """The gate does not speak for this candidate. Write down why it should go live all the same:
    your reason stays on this page and in the audit log."""

    status = 422


class StagingMoved(ReviewError):
    """Staging is no longer what you were looking at, so nothing was promoted. Look at it again."""


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


@transaction.atomic
def promote_candidate(
    agent: Agent, seen: Sequence[Sequence[Any]], by: User, *, reason: str = ""
) -> Promotion:
    """Return the promotion of what staging differs in: done, or waiting for a second person.

    seen: the mix as it was read. Raises StagingMoved, ReasonNeeded or Refused.
    """
    ground = ground_of(agent)
    mix = as_pairs(ground.candidate)
    if not mix or mix != [list(one) for one in seen]:
        raise StagingMoved
    gate, comparison = gate_for(ground, mix)
    reason = " ".join(reason.split())
    if not gate.is_open and not reason:
        raise ReasonNeeded
    note = reason or gate.reason
    if not gate.is_open:
        note = f"Against the gate: {reason} The gate: {gate.reason}"
    try:
        promotion = promoting.promote(mix, note=note, by=by)
    except CannotPromote as error:
        raise Refused(str(error)) from error
    _record(
        by, promotion, gate=gate.word, reason=reason, comparison=getattr(comparison, "pk", None)
    )
    return promotion


@transaction.atomic
def answer(promotion_id: int, by: User, *, approves: bool, said: str = "") -> Promotion:
    """Return the promotion after a second person's word. Raises Refused."""
    decide = promoting.approve if approves else promoting.refuse
    try:
        promotion = decide(promotion_id, by=by, said=" ".join(said.split()))
    except CannotPromote as error:
        raise Refused(str(error)) from error
    _record(by, promotion, said=promotion.said)
    return promotion


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
