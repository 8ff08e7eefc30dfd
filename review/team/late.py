"""What was late, and why: from the items' columns and the record of what happened to them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet
from django.utils.dateparse import parse_datetime

from review.models import Assessment, AuditEntry, Queue, ReviewItem
from review.overview.period import Period
from review.service.levels import levels_of
from review.service.words import left
from review.team.why import Escalation, Span, Story, why

PAGE = 50
# Far more than fifty items have; so that one of them cannot load a hundred thousand rows.
MOST_ENTRIES = 2000
ACTIONS = (
    "item.escalated",
    "item.snoozed",
    "item.woken",
    "item.assigned",
    "item.unassigned",
    "item.moved",
    "item.released",
    "item.taken_over",
    "item.superseded",
)
# After these nobody holds the item; after those it is kept for somebody else, or for nobody.
GIVEN_AWAY = ("item.escalated", "item.snoozed", "item.assigned", "item.released", "item.taken_over")
HANDED = ("item.escalated", "item.assigned", "item.unassigned", "item.moved")

State = Literal["open", "decided"]


@dataclass(frozen=True, kw_only=True)
class Late:
    """An item that is over time, or was when it was decided. over: by how much, by the clock."""

    item: ReviewItem
    why: str
    over: str


@dataclass(frozen=True, kw_only=True)
class LatePage:
    """A page of them. after: what asks for the next one, "" on the last."""

    items: Sequence[Late]
    after: str


def late_items(
    state: State,
    period: Period,
    now: datetime,
    queues: Mapping[int, Queue],
    *,
    queue: Queue | None = None,
    after: str = "",
) -> LatePage:
    """Return a page of items: open ones the longest over first, decided ones the newest first.

    queues: all of them by id, with hours and holidays prefetched. queue: the one that is asked for.
    """
    items = _open(now, after) if state == "open" else _decided(period, after)
    if queue is not None:
        items = items.filter(queue=queue)
    found = list(items.select_related("ticket__customer", "claimed_by")[: PAGE + 1])
    page = found[:PAGE]
    for item in page:
        item.queue = queues[item.queue_id]
    record = _Record.of(page)
    return LatePage(
        items=[_late(item, record, now) for item in page],
        after=str(page[-1].pk) if len(found) > PAGE else "",
    )


def _open(now: datetime, after: str) -> QuerySet[ReviewItem]:
    items = ReviewItem.objects.open().filter(due_at__lt=now).order_by("due_at", "pk")
    last = _last(after)
    if last is None:
        return items
    return items.filter(Q(due_at__gt=last.due_at) | Q(due_at=last.due_at, pk__gt=last.pk))


def _decided(period: Period, after: str) -> QuerySet[ReviewItem]:
    items = ReviewItem.objects.filter(
        status=ReviewItem.Status.DECIDED,
        decided_at__gte=period.start,
        decided_at__lt=period.end,
        decided_at__gt=F("due_at"),
    ).order_by("-decided_at", "-pk")
    last = _last(after)
    if last is None or last.decided_at is None:
        return items
    return items.filter(
        Q(decided_at__lt=last.decided_at) | Q(decided_at=last.decided_at, pk__lt=last.pk)
    )


def _last(after: str) -> ReviewItem | None:
    known = after.isdecimal() and len(after) < 19
    return ReviewItem.objects.filter(pk=int(after)).first() if known else None


def _late(item: ReviewItem, record: "_Record", now: datetime) -> Late:
    calendar = levels_of(item.queue).calendar
    story = record.story(item, now)
    return Late(item=item, why=why(story, calendar), over=left(item.due_at, story.ended_at))


@dataclass(frozen=True, kw_only=True)
class _Record:
    """What is on record of some items: by item, and earlier items by ticket."""

    entries: Mapping[int, Sequence[AuditEntry]]
    assessments: Mapping[int, Sequence[Assessment]]
    earlier: Mapping[int, Sequence[ReviewItem]]

    @classmethod
    def of(cls, items: Sequence[ReviewItem]) -> "_Record":
        """Return it in three queries."""
        superseded = ReviewItem.objects.filter(
            ticket__in=[item.ticket_id for item in items], status=ReviewItem.Status.SUPERSEDED
        ).only("ticket_id", "opened_at", "clock_started_at")
        earlier = defaultdict(list)
        for item in superseded[:MOST_ENTRIES]:
            earlier[item.ticket_id].append(item)
        known = [*items, *(item for found in earlier.values() for item in found)]
        subjects = [f"reviewitem:{item.pk}" for item in known]
        entries = defaultdict(list)
        happened = AuditEntry.objects.filter(subject__in=subjects, action__in=ACTIONS)
        for entry in happened.select_related("actor").order_by("pk")[:MOST_ENTRIES]:
            entries[int(entry.subject.partition(":")[2])].append(entry)
        assessments = defaultdict(list)
        said = Assessment.objects.filter(item__in=[item.pk for item in items])
        for assessment in said.select_related("reviewer").order_by("pk")[:MOST_ENTRIES]:
            assessments[assessment.item_id].append(assessment)
        return cls(entries=entries, assessments=assessments, earlier=earlier)

    def story(self, item: ReviewItem, now: datetime) -> Story:
        """Return where the item was from the customer's message on."""
        entries = self.entries.get(item.pk, ())
        ended_at = item.decided_at or now
        return Story(
            started_at=item.clock_started_at,
            due_at=item.due_at,
            ended_at=ended_at,
            spans=[
                Span(kind="agent", start=item.clock_started_at, end=item.opened_at),
                Span(kind="waited", start=item.opened_at, end=ended_at),
                *self._earlier(item),
                *_held(item, entries, self.assessments.get(item.pk, ()), now),
                *_snoozed(entries, ended_at),
                *_kept(entries, ended_at),
            ],
            escalations=[
                Escalation(at=entry.at, who=_name(entry.actor), to=_queue_name(item, entry))
                for entry in entries
                if entry.action == "item.escalated"
            ],
        )

    def _earlier(self, item: ReviewItem) -> Iterable[Span]:
        for earlier in self.earlier.get(item.ticket_id, ()):
            ends = [
                entry.at
                for entry in self.entries.get(earlier.pk, ())
                if entry.action == "item.superseded"
            ]
            if ends:
                yield Span(kind="earlier", start=earlier.opened_at, end=ends[0])


def _held(
    item: ReviewItem,
    entries: Sequence[AuditEntry],
    assessments: Sequence[Assessment],
    now: datetime,
) -> Iterable[Span]:
    """Who had it when: until they decided, gave it away or their claim lapsed, or until now."""
    for assessment in assessments:
        if assessment.handled_ms is not None:
            held = timedelta(milliseconds=assessment.handled_ms)
            end = assessment.created_at
            who = _name(assessment.reviewer)
            yield Span(kind="held", start=end - held, end=end, who=who)
    for entry in entries:
        if entry.action in GIVEN_AWAY and (since := _moment(entry, "since")):
            who = entry.detail.get("from") or _name(entry.actor)
            yield Span(kind="held", start=since, end=entry.at, who=str(who))
    if item.claimed_by and item.claimed_at and item.claim_expires_at:
        end = min(now, item.claim_expires_at)
        yield Span(kind="held", start=item.claimed_at, end=end, who=_name(item.claimed_by))


def _snoozed(entries: Sequence[AuditEntry], ended_at: datetime) -> Iterable[Span]:
    for entry in entries:
        if entry.action == "item.snoozed" and (until := _moment(entry, "until")):
            woken = [one.at for one in entries if one.action == "item.woken" and one.at > entry.at]
            yield Span(kind="snoozed", start=entry.at, end=min([until, ended_at, *woken]))


def _kept(entries: Sequence[AuditEntry], ended_at: datetime) -> Iterable[Span]:
    """For whom it was kept when: until it was handed on, or to the end."""
    handed = [entry for entry in entries if entry.action in HANDED]
    ends = [*(entry.at for entry in handed[1:]), ended_at]
    for entry, end in zip(handed, ends, strict=False):
        kept_for = "to" if entry.action == "item.assigned" else "person"
        if who := str(entry.detail.get(kept_for, "")):
            yield Span(kind="kept", start=entry.at, end=end, who=who)


def _queue_name(item: ReviewItem, entry: AuditEntry) -> str:
    slug = str(entry.detail.get("to", ""))
    return item.queue.name if slug == item.queue.slug else slug


def _moment(entry: AuditEntry, name: str) -> datetime | None:
    return parse_datetime(str(entry.detail.get(name, "")))


def _name(user: User | None) -> str:
    return (user.get_full_name() or user.get_username()) if user else "Somebody"
