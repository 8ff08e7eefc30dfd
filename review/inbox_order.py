"""The orders of the inbox, and the place in one from which its next page goes on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Model, Q

from review.inbox_filters import Filters

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SEPARATOR = "~"

# What parts equals is always the id. Each of these has its index on the open items of a queue.
OPEN: Mapping[str, Sequence[str]] = {
    "": ("-priority", "due_at", "id"),
    "due": ("due_at", "id"),
    "priority": ("-priority", "opened_at", "id"),
    "confidence": ("confidence", "id"),
    "newest": ("-opened_at", "-id"),
}
ENDED: Mapping[str, Sequence[str]] = {
    "decided": ("-decided_at", "-id"),
    "superseded": ("-id",),
}


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order of items. fields: as order_by takes them."""

    fields: Sequence[str]

    def place_of(self, item: Model) -> str:
        """Return where the row stands in this order, as text for an address."""
        return SEPARATOR.join(_text(getattr(item, field.lstrip("-"))) for field in self.fields)

    def past(self, place: str) -> Q:
        """Return the condition on what comes after the place; none where it cannot be read."""
        texts = place.split(SEPARATOR)
        if len(texts) != len(self.fields):
            return Q()
        try:
            values = [_value(*pair) for pair in zip(self.fields, texts, strict=True)]
        except (ValueError, OverflowError):
            return Q()
        condition = Q(pk__in=[])
        for field, value in reversed(list(zip(self.fields, values, strict=True))):
            condition = _beyond(field, value) | _same(field, value) & condition
        # Says nothing new, but an index can begin there.
        return condition & _not_before(self.fields[0], values[0])


def order_of(filters: Filters) -> Order:
    """Return the order these filters ask for; what has ended comes newest first."""
    if filters.status in ENDED:
        return Order(fields=ENDED[filters.status])
    return Order(fields=OPEN.get(filters.sort, OPEN[""]))


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return str((value - EPOCH) // MICROSECOND)
    return "" if value is None else str(value)


def _value(field: str, text: str) -> Any:
    name = field.lstrip("-")
    if name == "confidence":
        value = float(text) if text else None
        if value is not None and not math.isfinite(value):
            raise ValueError
        return value
    number = int(text)
    return EPOCH + number * MICROSECOND if name.endswith("_at") else number


def _beyond(field: str, value: Any) -> Q:
    if value is None:  # those without a value come last
        return Q(pk__in=[])
    if field == "confidence":
        return Q(confidence__gt=value) | Q(confidence__isnull=True)
    return Q(**{f"{field[1:]}__lt": value}) if field[0] == "-" else Q(**{f"{field}__gt": value})


def _same(field: str, value: Any) -> Q:
    return Q(**({f"{field}__isnull": True} if value is None else {field.lstrip("-"): value}))


def _not_before(field: str, value: Any) -> Q:
    if field == "confidence":
        return Q()
    return Q(**{f"{field[1:]}__lte": value}) if field[0] == "-" else Q(**{f"{field}__gte": value})
