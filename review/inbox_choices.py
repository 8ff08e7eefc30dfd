"""What the inbox's selects offer, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.models import Category
from agents.policies import default_rows
from review.escalation import OUT_OF_SCOPE, REASON_NAMES, reason_name, rule_code
from review.inbox_filters import AGES, CONFIDENCES, KINDS, STATUSES, Filters

AGENT = "triage"


@dataclass(frozen=True, kw_only=True)
class Select:
    """One select: a filter, what its empty choice is called, and its other choices in words."""

    name: str
    any: str
    value: str
    choices: Mapping[str, str]


def selects(filters: Filters) -> tuple[Select, ...]:
    """Return the inbox's selects as the filters stand, in one query."""
    categories = dict(Category.objects.order_by("name").values_list("slug", "name"))
    categories[OUT_OF_SCOPE] = "Out of scope"
    # Rules that somebody has added are found by the link on their page: no query for them here.
    rules = {rule_code(row["id"]): str(row["name"]) for row in default_rows(AGENT)}
    reasons = {**REASON_NAMES, **rules}
    if filters.category:
        categories.setdefault(filters.category, filters.category)
    if filters.reason:
        reasons.setdefault(filters.reason, reason_name(filters.reason))
    offered: tuple[tuple[str, str, Mapping[str, str]], ...] = (
        ("category", "Any category", categories),
        ("reason", "Any reason", reasons),
        ("confidence", "Any confidence", CONFIDENCES),
        ("age", "Any age", AGES),
        ("kind", "Any kind", KINDS),
        ("status", STATUSES["open"], {k: v for k, v in STATUSES.items() if k != "open"}),
    )
    return tuple(
        Select(name=name, any=empty, value=getattr(filters, name), choices=choices)
        for name, empty, choices in offered
    )
