"""Replies that were countersigned: what is found of them, and what of them needs a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Q
from django.db.models.functions import Left

from review.deliveries import TROUBLED, is_ambiguous
from review.expressions import text_of
from review.inbox_order import Order
from review.models import Delivery
from review.models.outbox import DeliveryQuerySet
from review.search import Search

PAGE = 50
MOST_COUNTED = 1000
MOST_TROUBLED = 200
SNIPPET_CHARS = 200
NEWEST_FIRST = Order(fields=("-created_at", "-id"))

State = Delivery.State
STATES: Mapping[str, tuple[str, Sequence[str]]] = {
    "sent": ("Sent", [State.SENT]),
    "waiting": ("On its way", [State.DUE, State.SENDING]),
    "troubled": ("Not sent, or unclear", TROUBLED),
    "stopped": ("Undone or given up", [State.UNDONE, State.GIVEN_UP]),
}
DAYS = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}
EDITS: Mapping[str, tuple[str, Q]] = {
    "none": ("As drafted", Q(verdict__kind="approve")),
    "few": ("1 or 2 edits", Q(verdict__kind="edit", verdict__edit_operations__lt=3)),
    "many": ("3 edits or more", Q(verdict__kind="edit", verdict__edit_operations__gte=3)),
}
WHOSE = {"mine": "By me"}


@dataclass(frozen=True, kw_only=True)
class SentFilters:
    """What of the sent replies is asked for; "" is no filter. queue: a slug. text: words."""

    text: str = ""
    whose: str = ""
    queue: str = ""
    state: str = ""
    days: str = ""
    edits: str = ""

    @classmethod
    def from_query(cls, asked: Mapping[str, Any]) -> "SentFilters":
        """Return the filters a query string asks for; what it misspells is left out.

        `clear` names a filter to leave out: the form's small crosses send it.
        """
        known = {"whose": WHOSE, "state": STATES, "days": DAYS, "edits": EDITS}
        found = {}
        for field in fields(cls):
            value = str(asked.get(field.name, "")).replace("\x00", "").strip()[:200]
            kept = value in known.get(field.name, (value,)) and asked.get("clear") != field.name
            found[field.name] = value if kept else ""
        return cls(**found)

    def as_query(self) -> str:
        """Return the query string that asks for this."""
        return urlencode([(name, value) for name, value in vars(self).items() if value])


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of replies, newest first.

    after: what asks for the next page, "" on the last. since: what asks for the page from its
    first row on, so that what is read does not move; newer: how many have come before that row.
    """

    deliveries: Sequence[Delivery]
    after: str
    since: str
    newer: int


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A delivery that needs a person: what happened, and what to do about it."""

    delivery: Delivery
    happened: str
    advice: str
    may_retry: bool
    may_arrive_twice: bool


def replies(
    user: User, filters: SentFilters, *, after: str = "", since: str = "", now: datetime
) -> Page:
    """Return the replies the person may see under these filters, a page at a time."""
    visible = _matching(user, filters, now)
    rows = visible.filter(NEWEST_FIRST.past(after or since))
    if since and not after:
        rows = visible.filter(NEWEST_FIRST.past(since) | Q(pk=_id_of(since)))
    found = list(
        rows.select_related(
            "ticket__customer", "ticket__queue", "verdict__reviewer", "verdict__item"
        )
        .annotate(snippet=Left(text_of("verdict__final__content"), SNIPPET_CHARS))
        .order_by(*NEWEST_FIRST.fields)[: PAGE + 1]
    )
    shown = found[:PAGE]
    first = NEWEST_FIRST.place_of(shown[0]) if shown else ""
    newer = (
        visible.filter(pk__gt=shown[0].pk, created_at__gte=shown[0].created_at)[: PAGE + 1].count()
        if since and shown
        else 0
    )
    return Page(
        deliveries=shown,
        after=NEWEST_FIRST.place_of(shown[-1]) if len(found) > PAGE else "",
        since=first,
        newer=newer,
    )


def count(user: User, filters: SentFilters, now: datetime) -> str:
    """Return how many replies the filters find, counted no further than MOST_COUNTED."""
    found = _matching(user, filters, now)[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED:,}+" if found > MOST_COUNTED else f"{found:,}"


def troubled(user: User) -> Sequence[Trouble]:
    """Return the deliveries that need a person, the longest waiting first."""
    rows = (
        Delivery.objects.visible_to(user)
        .filter(state__in=TROUBLED)
        .select_related("ticket__customer", "ticket__queue", "verdict__reviewer", "verdict__item")
        .order_by("created_at", "pk")[:MOST_TROUBLED]
    )
    return [trouble_of(delivery) for delivery in rows]


def trouble_of(delivery: Delivery) -> Trouble:
    """Return the delivery's trouble in words. It has its ticket and its verdict's item."""
    item = delivery.verdict.item
    overtaken = delivery.ticket.customer_seq > item.upto_seq
    ambiguous = is_ambiguous(delivery)
    return Trouble(
        delivery=delivery,
        happened=_happened(delivery),
        advice=_advice(delivery, overtaken=overtaken, ambiguous=ambiguous),
        may_retry=not overtaken,
        may_arrive_twice=ambiguous,
    )


def _matching(user: User, filters: SentFilters, now: datetime) -> DeliveryQuerySet:
    found = Delivery.objects.visible_to(user).filter(kind=Delivery.Kind.REPLY)
    if filters.text:
        found = found.filter(ticket__in=Search.of(filters.text).tickets().values("ticket"))
    if filters.whose:
        found = found.filter(verdict__reviewer=user)
    if filters.queue:
        found = found.filter(ticket__queue__slug=filters.queue)
    if filters.state:
        found = found.filter(state__in=STATES[filters.state][1])
    if filters.days:
        found = found.filter(created_at__gte=now - timedelta(days=int(filters.days)))
    if filters.edits:
        found = found.filter(EDITS[filters.edits][1])
    return found


def _id_of(place: str) -> int:
    word = place.rpartition("~")[2]
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 19 else 0


def _happened(delivery: Delivery) -> str:
    tried = "Tried once" if delivery.attempts == 1 else f"Tried {delivery.attempts} times"
    if delivery.state == State.FAILED:
        return f"{tried}. It was refused, so it did not arrive."
    if delivery.is_repeatable:
        return f"{tried}. The attempt broke off, and nobody knows how far it came."
    return f"{tried}. The connection broke while the mail was handed over: it may have left or not."


def _advice(delivery: Delivery, *, overtaken: bool, ambiguous: bool) -> str:
    if overtaken:
        return "The customer has written since. Answer the newer message, and give this one up."
    if ambiguous:
        return (
            "Look for its Message-ID in the mail server's log, or ask the customer. If it left, "
            "mark it as sent. Sending it again may deliver it twice."
        )
    if delivery.state == State.UNKNOWN:
        return "Try it again: the receiver knows a repetition by its key."
    return "Put right what the other side says, then try it again, or write by other means."
