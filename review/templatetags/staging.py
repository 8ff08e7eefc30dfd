"""How the pages on staging write a run's figures."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import template

from agents.models import Comparison
from review.escalation import reason_name
from review.staging.measure import Side
from review.templatetags.console import edits, usd

register = template.Library()
register.filter("money", usd)
STATES = {"better": "good", "worse": "bad", "error": "bad", "open": "warn", "rejected": "warn"}


@register.filter
def standing_state(standing: str) -> str:
    """Return the colour that a pair's standing has; none where it is alike."""
    return STATES.get(standing, "")


@register.filter
def edits_told(side: Side) -> str:
    """Return what the draft needed: `2 edits, 91 % kept`, `no draft`, `failed`."""
    if side.error_type:
        return "failed"
    if not side.drafted:
        return "no draft"
    if side.edits is None or side.kept is None:
        return "a draft"
    return f"{edits(side.edits)}, {side.kept * 100:.0f} % kept"


@register.filter
def asked_told(side: Side) -> str:
    """Return why a person is asked, in words."""
    reasons = ", ".join(reason_name(code).lower() for code in side.reasons)
    return f"without a draft: {reasons}" if side.outcome == "block" else reasons or "no reason"


@register.filter
def side_cost(side: Side) -> str:
    """Return what the run cost; never 0 for an unknown price."""
    if side.is_local:
        return "local"
    return "unpriced" if side.cost_usd is None else usd(Decimal(side.cost_usd))


@register.filter
def versions_of(comparison: Comparison) -> str:
    """Return the comparison's mix as the page names one."""
    return json.dumps(comparison.versions)


@register.filter
def last_two(messages: Sequence[Any] | None) -> Sequence[Any]:
    """Return the newest two messages of a conversation."""
    return list(messages or ())[-2:]
