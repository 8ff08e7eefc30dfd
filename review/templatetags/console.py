"""How the console writes ages, confidence, money and names."""

import json
import re
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf.locale import LANG_INFO
from django.contrib.auth.models import User
from django.utils import timezone

from agents.models import Step
from agents.results import Check
from agents.tier_use import TierUse
from review import disguises
from review.escalation import UNCALIBRATED
from review.models import ReviewItem

register = template.Library()


@register.filter
def age(moment: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago it was: `just now`, `4 min`, `3 h`, `2 days`."""
    if moment is None:
        return ""
    seconds = ((now or timezone.now()) - moment).total_seconds()
    return "just now" if seconds < 60 else _long(seconds)


@register.filter
def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """Return it as a phrase: `just now`, `4 min ago`."""
    said = age(moment, now)
    return f"{said} ago" if said and said != "just now" else said


@register.filter
def at_zone(moment: datetime, zone: str) -> datetime:
    """Return the moment by that time zone's clock, and naive: the date filters then leave it so."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@register.filter
def seconds_left(moment: datetime) -> int:
    """Return the whole seconds until then, 0 when it is over."""
    return max(0, ceil((moment - timezone.now()).total_seconds()))


@register.filter
def language_name(code: str) -> str:
    """Return the language's English name, or the code of one that Django does not know."""
    return str(LANG_INFO.get(code, {}).get("name", code))


@register.filter
def took(milliseconds: int) -> str:
    """Return a duration: `4 ms`, `2.1 s`, `12 min`, `3 h`, `2 days`."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 60 else _long(seconds)


@register.filter
def certainty(item: ReviewItem) -> str:
    """Return the word beside an item's confidence."""
    if any(reason["code"] == UNCALIBRATED for reason in item.reasons):
        return "not calibrated"
    if item.confidence is None:
        return "unknown"
    if item.confidence >= 0.9:
        return "sure"
    return "fairly sure" if item.confidence >= 0.7 else "unsure"


@register.filter
def cost(step: Step) -> str:
    """Return a model call's cost, `local` for the embedded model, never 0 for an unknown price."""
    if not step.pricing:
        return "–"
    return step.pricing if step.cost_usd is None or step.pricing == "local" else usd(step.cost_usd)


@register.filter
def use_cost(use: TierUse) -> str:
    """Return what a tier's calls cost; calls without a price are counted, never taken for free."""
    if use.local == use.calls:
        return "local"
    unpriced = f"{use.unpriced} unpriced" if use.unpriced else ""
    if not use.has_price:
        return unpriced
    return f"{usd(use.cost_usd)}, {unpriced}" if unpriced else usd(use.cost_usd)


@register.filter
def person(user: User | None) -> str:
    """Return the name a colleague knows them by."""
    return (user.get_full_name() or user.get_username()) if user else "nobody"


@register.filter
def initials(user: User) -> str:
    """Return one or two letters that stand for the person."""
    return "".join(word[0] for word in person(user).split()[:2]).upper()


@register.filter
def edits(number: int) -> str:
    """Return `no edits`, `1 edit`, `4 edits`."""
    return "no edits" if not number else f"{number} edit" + ("" if number == 1 else "s")


@register.filter
def failed(checks: list[Check]) -> list[Check]:
    """Return the checks that did not pass."""
    return [check for check in checks if not check.passed]


@register.filter
def pretty(content: Any) -> str:
    """Return JSON content for reading, or what stands for erased content."""
    return "[erased]" if content is None else json.dumps(content, indent=2, ensure_ascii=False)


@register.filter
def plain(markdown: str) -> str:
    """Return Markdown's text without its marks."""
    return re.sub(r"[*_`#]+", "", markdown)


@register.filter
def without_turns(text: str) -> str:
    """Return the text without what turns the reading direction: for a title, where all is one."""
    return disguises.without_turns(text)


@register.filter
def split(words: str) -> list[str]:
    """Return the words of a text."""
    return words.split()


def _long(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"


def usd(amount: Decimal) -> str:
    """Return an amount in dollars, four places below a cent; what is not nothing is never $0."""
    if 0 < amount < Decimal("0.0001"):
        return "<$0.0001"
    return f"${amount:.4f}" if amount < Decimal("0.01") else f"${amount:.2f}"
