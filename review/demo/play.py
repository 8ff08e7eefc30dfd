"""Where the demo's play stands: when it began, and what of it is still to come."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from agents.models import TierVersion
from agents.tiers import is_embedded
from review import audit
from review.demo import files
from review.intake import Accepted, accept_ticket
from review.models import AuditEntry, Source, Ticket

LOADED = "demo.loaded"
REMOVED = "demo.removed"

# In the inbox from the first second: every queue, and what is hard about mail among them.
FIRST = (
    "demo-1118",
    "demo-1177",
    "demo-1164",
    "demo-1225",
    "demo-1145",
    "demo-1188",
    "demo-1206",
    "demo-1242",
    "demo-1124",
    "demo-1037",
    "demo-1110",
    "demo-1049",
)
SPACING = timedelta(minutes=3)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the demo's past is worked through, in days."""

    days_done: int
    days: int


def began_at() -> datetime | None:
    """Return when the demo was loaded, None where there is none (any more)."""
    entry = _beginning()
    return entry.at if entry else None


def made(kind: str) -> list[str]:
    """Return what the demo made of a kind: names of accounts, slugs of queues or categories."""
    entry = _beginning()
    return list(entry.detail[kind]) if entry else []


def progress() -> Progress | None:
    """Return how far the demo's past has come; None without a demo, and once all of it is in."""
    known = accepted_ids() if settings.DEMO else set()
    if not known:
        return None
    done, days = _days_of_past(known)
    goes_on = done < days and costs_nothing() and began_at()
    return Progress(days_done=done, days=days) if goes_on else None


def coming() -> int:
    """Return how many tickets of the stream are still to come in; 0 without a demo."""
    stream = [row["external_id"] for row in files.stream()] if settings.DEMO else []
    known = _tickets().filter(external_id__in=stream).count() if stream else 0
    return len(stream) - known if known else 0  # a demo begins with the first of them


def accepted_ids() -> set[str]:
    """Return the external ids of the demo's tickets that are in."""
    return set(_tickets().values_list("external_id", flat=True))


def begin(source: Source, made_here: Mapping[str, Any]) -> None:
    """Write down that the demo begins now and what it made, and accept its first tickets.

    They stand as if they had come in one after the other until now.
    """
    audit.record(None, LOADED, source, **made_here)
    now = timezone.now()
    rows = {row["external_id"]: row for row in files.stream()}
    for place, external_id in enumerate(FIRST):
        received_at = now - SPACING * (len(FIRST) - place)
        accept_ticket(files.as_ticket(rows[external_id], received_at))


@transaction.atomic
def accept_next() -> Accepted | None:
    """Return the stream's next ticket, accepted as written just now; None when all are in."""
    hold()
    if began_at() is None:
        return None
    known = accepted_ids()
    row = next((row for row in files.stream() if row["external_id"] not in known), None)
    return accept_ticket(files.as_ticket(row, timezone.now())) if row else None


def hold(using: str = DEFAULT_DB_ALIAS) -> None:
    """Let this transaction alone play or remove the demo."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('review.demo'))")


def costs_nothing() -> bool:
    """Whether every tier runs on embedded models alone: nobody pays for the demo's past."""
    live = TierVersion.objects.filter(environment=settings.ENVIRONMENT, is_live=True)
    return all(is_embedded(model) for version in live for model in version.models)


def _tickets() -> QuerySet[Ticket]:
    return Ticket.objects.filter(source__slug=files.SOURCE, source__is_demo=True)


def _beginning() -> AuditEntry | None:
    source = Source.objects.filter(slug=files.SOURCE, is_demo=True).first()
    if source is None:
        return None
    return AuditEntry.objects.filter(subject=f"source:{source.pk}", action=LOADED).first()


def _days_of_past(known: set[str]) -> tuple[int, int]:
    """Return how many of the past's days are in, and how many there are."""
    days = defaultdict(set)
    for row in files.past():
        days[row["day"]].add(row["external_id"])
    return sum(ids <= known for ids in days.values()), len(days)
