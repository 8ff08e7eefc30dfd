"""Addresses of the inbox, and how its rows are written."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django import template
from django.contrib.auth.models import User
from django.urls import reverse

from review.escalation import OUT_OF_SCOPE
from review.inbox_filters import Filters
from review.models import ReviewItem
from review.templatetags.console import person

register = template.Library()

LONGEST_REASON = 200
ORDERS = {
    "": "the most urgent first",
    "due": "the least time left first",
    "priority": "by priority",
    "confidence": "the least sure first",
    "newest": "the newest first",
}
NONE_OF_THESE = {
    "mine": "You hold nothing right now",
    "assigned": "Nothing is handed to you",
    "unclaimed": "Nothing is unclaimed",
    "escalated": "Nothing is escalated",
    "snoozed": "Nothing is snoozed",
}


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A word or two that sets a row apart."""

    words: str
    is_warning: bool = False


@register.simple_tag
def inbox_url(filters: Filters, after: str = "", **changed: str) -> str:
    """Return the inbox's address under these filters, some of them changed. after: of a page."""
    query = filters.but(**changed).as_query()
    if after:
        query = "&".join(filter(None, [query, urlencode({"after": after})]))
    return f"{reverse('inbox')}?{query}" if query else reverse("inbox")


@register.filter
def order_words(filters: Filters) -> str:
    """Return in which order the rows stand."""
    return ORDERS["newest" if filters.status and not filters.sort else filters.sort]


@register.filter
def none_of_these(filters: Filters) -> str:
    """Return that there is nothing of the kind whose items were asked for."""
    return NONE_OF_THESE[filters.whose]


@register.filter
def category_words(item: ReviewItem) -> str:
    """Return the category's name; `category_name` is what the inbox's query found for it."""
    if item.category == OUT_OF_SCOPE:
        return "Out of scope"
    return getattr(item, "category_name", None) or item.category or "–"


@register.filter
def first_reason(item: ReviewItem) -> str:
    """Return the sentence that says best why a person is asked: of the last escalation, else the
    first reason."""
    texts = [str(reason["text"]) for reason in item.reasons]
    escalated = [str(one["text"]) for one in item.reasons if one["code"] == "escalated"]
    return (escalated[-1:] or texts[:1] or [""])[0][:LONGEST_REASON]


@register.filter
def tags(item: ReviewItem, now: datetime) -> list[Tag]:
    """Return what sets the row apart, what matters most first."""
    marks = (
        (item.needs_second, Tag(words="second person wanted", is_warning=True)),
        (item.is_escalated, Tag(words="escalated", is_warning=True)),
        (
            item.priority == ReviewItem.Priority.HIGH and not item.is_escalated,
            Tag(words="urgent", is_warning=True),
        ),
        (item.is_correction, Tag(words="correction")),
        (bool(item.snoozed_until and item.snoozed_until > now), Tag(words="snoozed")),
        (item.kind != ReviewItem.Kind.DRAFT, Tag(words=item.get_kind_display().lower())),
    )
    return [tag for holds, tag in marks if holds]


@register.filter
def holder(item: ReviewItem, user: User) -> str:
    """Return who has the item: `yours`, `Grace`, `for you`, `for Grace`; "" while nobody has."""
    if item.claimed_by:
        return "yours" if item.claimed_by == user else person(item.claimed_by)
    if item.assigned_to:
        return "for you" if item.assigned_to == user else f"for {person(item.assigned_to)}"
    return ""
