"""Everything that happened to a ticket, in the words of a colleague.

Read from the rows themselves and from the audit entries of what has no row of its own: two
bounded queries, however long the story is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    Exists,
    F,
    OuterRef,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat, Left
from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime

from review import timeline_words
from review.expressions import name_of, text_of
from review.models import (
    AuditEntry,
    Comment,
    Delivery,
    Message,
    ReviewItem,
    Ticket,
    TicketRun,
    Verdict,
    VerdictKind,
)
from review.quoting import split_quoted

MOST_EVENTS = 150
NOTE_CHARS = 300
# A sent reply becomes a message in the same moment; it is told once.
SAME_MOMENT = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened. note: in somebody's own words; run_id: of the run it tells of."""

    at: datetime
    text: str
    note: str = ""
    run_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """What happened, newest first. is_cut: whether older events were left out."""

    events: Sequence[Event]
    is_cut: bool


def timeline_of(ticket: Ticket, queues: Mapping[str, str]) -> Timeline:
    """Return the ticket's story. queues: the names of queues by slug."""
    rows = list(_rows_of(ticket))
    entries = list(_entries_of(ticket))
    events = [_row_event(row, ticket) for row in rows]
    events += [_entry_event(entry, queues) for entry in entries]
    events.sort(key=lambda event: event.at, reverse=True)
    return Timeline(
        events=events[:MOST_EVENTS],
        is_cut=len(rows) == MOST_EVENTS or len(entries) == MOST_EVENTS or len(events) > MOST_EVENTS,
    )


def _rows_of(ticket: Ticket) -> QuerySet[Any, Any]:
    """Return {what, event_at, who, note, number} of each message, run, verdict and comment."""
    sent = Delivery.objects.filter(
        ticket=OuterRef("ticket"),
        kind=Delivery.Kind.REPLY,
        sent_at__range=(OuterRef("at") - SAME_MOMENT, OuterRef("at") + SAME_MOMENT),
    )
    messages = ticket.messages.exclude(Exists(sent), sender=Message.Sender.AGENT)
    runs = TicketRun.objects.filter(ticket=ticket, run__finished_at__isnull=False)
    verdicts = Verdict.objects.filter(item__ticket=ticket)
    parts = [
        _told(messages, F("sender"), F("at"), note=Left(text_of("body__content"), NOTE_CHARS)),
        _told(
            runs,
            Concat(Value("run."), "run__status"),
            F("run__finished_at"),
            note=F("run__error_type"),
            number=F("run_id"),
        ),
        _told(
            verdicts,
            Concat(Value("verdict."), "kind"),
            F("created_at"),
            "reviewer",
            note=F("reason"),
            number=F("edit_operations"),
        ),
        _told(
            Comment.objects.filter(ticket=ticket),
            Value("comment"),
            F("created_at"),
            "author",
            note=Left(text_of("body__content"), NOTE_CHARS),
        ),
    ]
    first, *others = parts
    return first.union(*others, all=True).order_by("-event_at")[:MOST_EVENTS]


def _told(
    rows: QuerySet[Any],
    what: Any,
    at: Any,
    who: str = "",
    *,
    note: Any = None,
    number: Any = None,
) -> QuerySet[Any, Any]:
    """Return the rows in the one form in which they are put together."""
    return rows.order_by().values(
        what=Cast(what, TextField()),
        event_at=at,
        who=name_of(who) if who else Value("", TextField()),
        note=Cast(Coalesce(note, Value("")), TextField()) if note else Value("", TextField()),
        number=Cast(number, BigIntegerField()) if number else Cast(Value(None), BigIntegerField()),
    )


def _entries_of(ticket: Ticket) -> QuerySet[AuditEntry]:
    """Return the newest audit entries of the ticket and of what hangs on it."""
    subjects = [
        _subjects("reviewitem", ReviewItem.objects.filter(ticket=ticket)),
        _subjects("verdict", Verdict.objects.filter(item__ticket=ticket)),
        _subjects("delivery", Delivery.objects.filter(ticket=ticket)),
        _subjects("ticket", Ticket.objects.filter(pk=ticket.pk)),
    ]
    first, *others = subjects
    return (
        AuditEntry.objects.filter(subject__in=first.union(*others, all=True))
        # Verdicts have rows of their own, which say more.
        .exclude(action__in=[f"verdict.{kind}" for kind in VerdictKind.values])
        .select_related("actor")
        .order_by("-pk")[:MOST_EVENTS]
    )


def _subjects(name: str, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    return rows.order_by().values(
        named=Concat(
            Value(f"{name}:"), Cast("pk", CharField()), output_field=CharField(max_length=80)
        )
    )


def _row_event(row: dict[str, Any], ticket: Ticket) -> Event:
    what, number = row["what"], row["number"]
    who = row["who"] or str(ticket.customer)
    is_run = what.startswith("run.")
    return Event(
        at=row["event_at"],
        text=timeline_words.of_row(what, who, number),
        note=" ".join(split_quoted(row["note"]).visible.split()),
        run_id=number if is_run else None,
    )


def _entry_event(entry: AuditEntry, queues: Mapping[str, str]) -> Event:
    actor = entry.actor
    who = (actor.get_full_name() or actor.get_username()) if actor else "Countersign"
    note = entry.detail.get("detail" if entry.action.startswith("delivery.") else "note", "")
    return Event(
        at=entry.at,
        text=timeline_words.of_entry(entry.action, who, _said(entry.detail, queues)),
        note=str(note)[:NOTE_CHARS],
    )


def _said(detail: Mapping[str, Any], queues: Mapping[str, str]) -> dict[str, str]:
    """Return what an entry says, for people: queues by name, moments as a clock shows them."""
    said = {key: queues.get(str(value), str(value)) for key, value in detail.items()}
    if detail.get("person"):
        said["to"] = str(detail["person"])
    if "until" in detail:
        moment = parse_datetime(str(detail["until"]))
        said["until"] = f"{localtime(moment):%a %-d %b, %H:%M}" if moment else "later"
    return said
