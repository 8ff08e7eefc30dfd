"""Switching guardrails off for a time, and back on before it: with a reason, an end, a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from agents.guardrails import waivers
from agents.guardrails.registry import NAMED
from agents.models import LONGEST_WAIVER, Agent, Waiver
from review import audit
from review.errors import ReviewError

SHOWN_WAIVERS = 50


class CannotWaive(ReviewError):
    """The guardrail was not switched off."""


@dataclass(frozen=True, kw_only=True)
class Waived:
    """A waiver as pages tell it. title: of its guardrail."""

    waiver: Waiver
    title: str

    @property
    def whom(self) -> str:
        """Whose runs it concerns."""
        return self.waiver.agent.name if self.waiver.agent else "every agent"

    @property
    def by(self) -> str:
        """Who switched the guardrail off."""
        return self.waiver.created_by.get_full_name() or self.waiver.created_by.get_username()


@transaction.atomic
def switch_off(
    guardrail: str, agent: Agent | None, *, ends_at: datetime, reason: str, by: User
) -> Waiver:
    """Return the waiver, in force from now on. agent: None for all. Raises CannotWaive."""
    now = timezone.now()
    if guardrail not in NAMED:
        raise CannotWaive("There is no such guardrail.")
    if not reason.strip():
        raise CannotWaive("Say why: it stands on every page about agents until it ends.")
    if ends_at <= now:
        raise CannotWaive("The end has passed: choose a later one.")
    if ends_at > now + LONGEST_WAIVER:
        raise CannotWaive(f"A guardrail is off for {LONGEST_WAIVER.days} days at most.")
    waiver = Waiver.objects.create(
        agent=agent,
        guardrail=guardrail,
        reason=reason.strip(),
        starts_at=now,
        ends_at=ends_at,
        created_by=by,
    )
    audit.record(
        by,
        "guardrail.waived",
        waiver,
        guardrail=guardrail,
        agent=agent.slug if agent else "",
        until=ends_at.isoformat(),
        reason=waiver.reason,
    )
    return waiver


@transaction.atomic
def re_arm(waiver: Waiver, *, by: User) -> bool:
    """End the waiver before its time; return whether it was still in force."""
    now = timezone.now()
    ended = Waiver.objects.filter(pk=waiver.pk, ended_at__isnull=True, ends_at__gt=now).update(
        ended_at=now, ended_by=by
    )
    if ended:
        audit.record(by, "guardrail.rearmed", waiver, guardrail=waiver.guardrail)
    return bool(ended)


def waivers_in_force(now: datetime) -> list[Waived]:
    """Return the waivers in force, those that end first first, in one query."""
    return [_told(waiver) for waiver in waivers.in_force(now)]


def past_waivers(now: datetime) -> Sequence[Waived]:
    """Return the newest waivers that are over, newest first."""
    rows = (
        Waiver.objects.exclude(pk__in=waivers.in_force(now).values("pk"))
        .select_related("agent", "created_by", "ended_by")
        .order_by("-pk")[:SHOWN_WAIVERS]
    )
    return [_told(waiver) for waiver in rows]


def _told(waiver: Waiver) -> Waived:
    known = NAMED.get(waiver.guardrail)
    return Waived(waiver=waiver, title=known.title if known else waiver.guardrail)
