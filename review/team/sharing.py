"""Sharing out work: the most urgent items of a queue, or of a person, go elsewhere."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, prefetch_related_objects
from django.utils import timezone

from review import audit, sla
from review.models import Assessment, AuditEntry, Notification, Queue, ReviewItem, Ticket
from review.models.items import ReviewItemQuerySet
from review.notifications import name_of, notify
from review.people import who_may_take
from review.team.dealing import deal

MOST = 200


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where items are taken from: what waits in a queue for anybody, or is kept for a person."""

    queue: Queue | None = None
    person: User | None = None

    @property
    def name(self) -> str:
        if self.queue is not None:
            return self.queue.name
        return name_of(self.person) if self.person else ""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where they go: to a queue, to people, or, with neither, to anybody of their own queue."""

    queue: Queue | None = None
    people: Sequence[User] = ()


@dataclass(frozen=True, kw_only=True)
class Move:
    """One item, and to whom it goes; nobody in particular where person is None."""

    item: ReviewItem
    person: User | None


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What became of a plan. gone: items that somebody took or decided meanwhile."""

    moved: int
    gone: int
    queues: frozenset[int]
    people: frozenset[int]


def plan(source: Source, target: Target, count: int, now: datetime) -> list[Move]:
    """Return what would move, the most urgent first; people get their shares in turn."""
    items = _of(source, now).select_related("ticket__customer", "queue").in_order()
    if not target.people:
        return [Move(item=item, person=None) for item in items[: min(count, MOST)]]
    people = {person.pk: person for person in target.people}
    # Who gave the first of two words is not offered the second.
    said = Assessment.objects.filter(item=OuterRef("pk"), reviewer__in=list(people))
    items = items.exclude(Q(needs_second=True) & Exists(said))
    by_id = {item.pk: item for item in items[: min(count, MOST)]}
    dealt = deal(list(by_id), _load(people, now))
    return [Move(item=by_id[item_id], person=people[person_id]) for item_id, person_id in dealt]


def takers(source: Source, now: datetime) -> list[User]:
    """Return who may be handed what the source has: they see all the queues it is of."""
    queues = _of(source, now).order_by().values_list("queue", flat=True).distinct()
    found = who_may_take([source.queue.pk] if source.queue else list(queues))
    return [person for person in found if person != source.person]


@transaction.atomic
def carry_out(
    source: Source, queue: Queue | None, shares: Mapping[int, User | None], by: User
) -> Moved:
    """Move what is still free of the source, and say what became of it.

    queue: the items go there, to nobody in particular. shares: to whom each item goes. Locks the
    tickets, then the items, both in the order of their ids.
    """
    now = timezone.now()
    wanted = ReviewItem.objects.filter(pk__in=shares)
    tickets = wanted.order_by().values("ticket")
    locked = Ticket.objects.select_for_update().filter(pk__in=tickets).order_by("pk")
    list(locked.values_list("pk", flat=True))
    items = list(
        _of(source, now)
        .filter(pk__in=shares)
        .select_related("queue")
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    touched = {item.queue_id for item in items}
    if queue is not None:
        _to_queue(items, queue, by)
        touched.add(queue.pk)
    else:
        _to_people(items, shares, by)
    people = {person.pk for item in items if (person := shares[item.pk]) and person != by}
    return Moved(
        moved=len(items),
        gone=len(shares) - len(items),
        queues=frozenset(touched),
        people=frozenset(people),
    )


def _of(source: Source, now: datetime) -> ReviewItemQuerySet:
    free = ReviewItem.objects.open().unclaimed(now).awake(now)
    if source.queue is not None:
        return free.filter(queue=source.queue, assigned_to__isnull=True)
    return free.filter(assigned_to=source.person)


def _load(people: Mapping[int, User], now: datetime) -> dict[int, int]:
    """Return how many open items each person has."""
    load = dict.fromkeys(people, 0)
    mine = Q(assigned_to__in=load) | Q(claimed_by__in=load, claim_expires_at__gt=now)
    for claimed_by, assigned_to in (
        ReviewItem.objects.open().filter(mine).values_list("claimed_by", "assigned_to")
    ):
        owner = assigned_to if assigned_to in load else claimed_by
        load[owner] += 1
    return load


def _to_queue(items: Sequence[ReviewItem], queue: Queue, by: User) -> None:
    prefetch_related_objects([queue], "business_hours", "holidays")
    entries = []
    for item in items:
        detail = {"to": queue.slug, "was": item.queue.slug}
        entries.append(audit.entry(by, "item.moved", item, before=item.digest, **detail))
        item.queue, item.assigned_to = queue, None
        item.due_at = sla.due_at(queue, item.priority, item.clock_started_at)
    ReviewItem.objects.bulk_update(items, ["queue", "assigned_to", "due_at"])
    Ticket.objects.filter(pk__in=[item.ticket_id for item in items]).update(queue=queue)
    AuditEntry.objects.bulk_create(entries)


def _to_people(items: Sequence[ReviewItem], shares: Mapping[int, User | None], by: User) -> None:
    entries = []
    for item in items:
        item.assigned_to = person = shares[item.pk]
        to = name_of(person) if person else ""
        action = "item.assigned" if person else "item.unassigned"
        entries.append(audit.entry(by, action, item, before=item.digest, to=to))
    ReviewItem.objects.bulk_update(items, ["assigned_to"])
    AuditEntry.objects.bulk_create(entries)
    got = defaultdict(list)
    by_id = {item.pk: item for item in items}
    for item_id, person in shares.items():
        if person is not None and person != by and item_id in by_id:
            got[person].append(by_id[item_id])
    for person, theirs in got.items():
        what = "an item" if len(theirs) == 1 else f"{len(theirs)} items"
        # One note for all of them: it leads to the most urgent one.
        said = f"{name_of(by)} handed you {what}."
        notify(person, Notification.Kind.ASSIGNED, theirs[0], said, actor=by)
