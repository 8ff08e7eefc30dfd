"""Guardrails switched off for a time."""

from datetime import datetime

from django.db.models import Q, QuerySet

from agents.models import Waiver


def in_force(now: datetime) -> QuerySet[Waiver]:
    """Return the waivers in force, those that end first first."""
    return (
        Waiver.objects.filter(starts_at__lte=now, ends_at__gt=now, ended_at__isnull=True)
        .select_related("agent", "created_by")
        .order_by("ends_at")
    )


def waived(agent_id: int, now: datetime) -> frozenset[str]:
    """Return the names of the guardrails that are switched off for the agent."""
    mine = in_force(now).filter(Q(agent=agent_id) | Q(agent__isnull=True))
    return frozenset(mine.values_list("guardrail", flat=True))
