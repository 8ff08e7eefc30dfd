"""Guardrails switched off for a time. A waiver ends by the clock alone; nothing has to run."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from agents.models import Waiver


def in_force(now: datetime) -> QuerySet[Waiver]:
    """Return the waivers in force, those that end first first."""
    return (
        Waiver.objects.filter(starts_at__lte=now, ends_at__gt=now, ended_at__isnull=True)
        .select_related("agent", "created_by")
        .order_by("ends_at")
    )


def waived(agent_id: int, now: datetime) -> Mapping[str, str]:
    """Return the guardrails that are switched off for the agent, each with what is said of it.

    Of several waivers of one guardrail the one that ends last speaks.
    """
    mine = in_force(now).filter(Q(agent=agent_id) | Q(agent__isnull=True))
    rows = mine.values_list("guardrail", "ends_at", "reason")
    return {guardrail: said(ends_at, reason) for guardrail, ends_at, reason in rows}


def said(ends_at: datetime, reason: str) -> str:
    """Return what stands in a result in place of a finding."""
    return f"Waived until {timezone.localtime(ends_at):%Y-%m-%d %H:%M %Z}: {reason}"
