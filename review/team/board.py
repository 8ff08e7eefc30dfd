"""The team's board: how much waits in each queue, and who has what."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from review.models import Queue, ReviewItem
from review.overview.period import midnight
from review.people import who_may
from review.team import queries
from review.team.queries import NOTHING_KEPT, Depth, Kept, Load

KEPT_DAYS = 7
# Held items that are named; more than people hold at a time.
MOST_CLAIMS = 300
NAMED_A_PERSON = 3


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """A queue: what is open in it (None: nothing), and how it kept what it promised."""

    queue: Queue
    depth: Depth | None
    kept: Kept


@dataclass(kw_only=True)
class PersonRow:
    """A person: what they hold now, what is kept for them, and what they did today."""

    user: User
    load: Load
    claims: list[ReviewItem] = field(default_factory=list)

    @property
    def named(self) -> Sequence[ReviewItem]:
        return self.claims[:NAMED_A_PERSON]

    @property
    def unnamed(self) -> int:
        return self.load.held - len(self.named)


@dataclass(frozen=True, kw_only=True)
class Board:
    """What the board shows; people with something in hand or done first."""

    queues: Sequence[QueueRow]
    people: Sequence[PersonRow]
    depths: list[Depth]

    @property
    def share_queues(self) -> list[Queue]:
        return [row.queue for row in self.queues]


def board(now: datetime) -> Board:
    """Return the board in six queries, however much is open."""
    depths = queries.depths(now)
    return Board(queues=_queues(depths, now), people=people(now), depths=depths)


def people(now: datetime) -> list[PersonRow]:
    """Return who may decide and is in a queue or has something, by name, in three queries."""
    zone = timezone.get_current_timezone()
    today = midnight(timezone.localdate(now, zone), zone)
    loads = {row.user_id: row for row in queries.loads(today, now)}
    nothing = Load(user_id=0, held=0, assigned=0, done=0)
    rows = {
        user.pk: PersonRow(user=user, load=loads.get(user.pk, nothing))
        for user in User.objects.filter(is_active=True, pk__in=[*_reviewers(), *loads])
    }
    for item in _held(now):
        if item.claimed_by_id in rows:
            rows[item.claimed_by_id].claims.append(item)
    return sorted(rows.values(), key=lambda row: (row.load == nothing, _name(row.user)))


def _queues(depths: Sequence[Depth], now: datetime) -> list[QueueRow]:
    by_queue = {row.queue_id: row for row in depths}
    kept = {row.queue_id: row for row in queries.kept(now - timedelta(days=KEPT_DAYS), now, now)}
    return [
        QueueRow(queue=queue, depth=by_queue.get(queue.pk), kept=kept.get(queue.pk, NOTHING_KEPT))
        for queue in Queue.objects.all()
    ]


def _held(now: datetime) -> Sequence[ReviewItem]:
    """Return what is held now, longest first."""
    held = ReviewItem.objects.open().held_at(now).filter(claimed_by__isnull=False)
    return list(held.select_related("ticket", "queue").order_by("claimed_at", "pk")[:MOST_CLAIMS])


def _reviewers() -> Sequence[int]:
    """Return the ids of those who work in a queue and may decide."""
    members = Queue.members.through.objects.values("user")
    return list(who_may("decide").filter(pk__in=members).values_list("pk", flat=True))


def _name(user: User) -> str:
    return (user.get_full_name() or user.get_username()).casefold()
