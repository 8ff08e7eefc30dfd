"""Countersigning several replies of one category together, each for itself and each read first.

Every reply is its own verdict in its own transaction, under its own claim: what is refused for one
changes nothing for another, and its text stays with the person.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.postgres.functions import RandomUUID
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Window
from django.db.models.functions import Left, Length, RowNumber
from django.utils import timezone

from agents.models import Category
from review import audit, decisions
from review.conversation import ERASED
from review.decisions import Seen
from review.disguises import cautions
from review.errors import NotBatchable, ReviewError
from review.expressions import text_of
from review.items import draft_text, store_working_text, working_draft
from review.models import Attachment, AuditEntry, CarriedText, Message, ReviewItem, Verdict

MOST = 50
SHOWN_MESSAGES = 4
SHOWN_CHARS = 4_000


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A message of a card. is_cut: whether only its beginning is shown."""

    text: str
    is_cut: bool


@dataclass(frozen=True, kw_only=True)
class Card:
    """An item of the batch, with all that a person needs to decide on it.

    turns: what the customer has asked since support wrote last. earlier: messages before those.
    has_files: whether files came with them, which only the item's own page shows.
    """

    item: ReviewItem
    draft: str
    text: str
    turns: Sequence[Turn]
    earlier: int
    has_files: bool
    cautions: Sequence[str]
    is_mine: bool


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """An item that was chosen and is not in the batch, and why."""

    item: ReviewItem
    why: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What was chosen. left_out: what cannot be here, and why.

    categories: each one's name and the ids of its items; more than one cannot go together.
    """

    cards: Sequence[Card]
    left_out: Sequence[LeftOut]
    categories: Sequence[tuple[str, Sequence[int]]]

    @property
    def is_mine(self) -> bool:
        """Whether the person holds every item of it."""
        return all(card.is_mine for card in self.cards)


@dataclass(frozen=True, kw_only=True)
class Approval:
    """What the reviewer says of one card. was_opened: whether they have had it open."""

    item_id: int
    seen: Seen
    text: str
    was_opened: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one approval: a verdict, or the reason it was refused for.

    Both are None when a second person must countersign it first.
    """

    item_id: int
    verdict: Verdict | None = None
    refused: ReviewError | None = None


@transaction.atomic
def take(ids: Sequence[int], user: User, texts: Mapping[int, str] | None = None) -> int:
    """Claim those of the items that are free and fit a batch; return how many the person holds.

    texts: by id, what was typed on an item before its claim was lost. One statement each for those
    held already and those that are free, however many there are.
    """
    now = timezone.now()
    until = now + timedelta(seconds=settings.CLAIM_TTL_S)
    wanted = ReviewItem.objects.open().visible_to(user).filter(pk__in=ids[:MOST])
    fitting = wanted.filter(kind=ReviewItem.Kind.DRAFT, needs_second=False, is_correction=False)
    held = ReviewItem.objects.filter(pk__in=list(fitting.values_list("pk", flat=True)))
    kept = held.filter(claimed_by=user, claim_expires_at__gt=now).update(claim_expires_at=until)
    free = held.open().filter(Q(claimed_by=None) | Q(claim_expires_at__lte=now))
    taken = free.filter(Q(assigned_to=None) | Q(assigned_to=user)).update(
        claimed_by=user,
        claim_token=RandomUUID(),
        claim_expires_at=until,
        claimed_at=now,
        snoozed_until=None,
    )
    AuditEntry.objects.bulk_create(
        audit.entry(user, "item.claimed", item, before=item.digest)
        for item in held.filter(claimed_by=user, claimed_at=now)
    )
    mine = held.filter(claimed_by=user, pk__in=texts or ()).select_related("proposal")
    for item in mine:
        store_working_text(item, user, (texts or {})[item.pk][: decisions.LONGEST_REPLY])
    return kept + taken


def like(item: ReviewItem, user: User) -> Sequence[int]:
    """Return the item and others of its category and queue that are free, most urgent first."""
    now = timezone.now()
    others = (
        ReviewItem.objects.open()
        .visible_to(user)
        .awake(now)
        .free_for(user, now)
        .filter(Q(assigned_to=None) | Q(assigned_to=user))
        .filter(queue=item.queue_id, category=item.category, kind=ReviewItem.Kind.DRAFT)
        .filter(needs_second=False, is_correction=False)
        .exclude(pk=item.pk)
        .in_order()
    )
    return [item.pk, *others.values_list("pk", flat=True)[: MOST - 1]]


def batch_of(ids: Sequence[int], user: User) -> Batch:
    """Return what was chosen, as its page shows it. Three queries, however many there are."""
    now = timezone.now()
    found = {
        item.pk: item
        for item in ReviewItem.objects.visible_to(user)
        .filter(pk__in=ids[:MOST])
        .select_related("ticket__customer", "queue", "proposal", "working", "claimed_by", "carried")
    }
    chosen = [found[pk] for pk in dict.fromkeys(ids) if pk in found]
    left_out = [
        LeftOut(item=item, why=why) for item in chosen if (why := _why_not(item, user, now))
    ]
    unfit = {one.item.pk for one in left_out}
    fit = [item for item in chosen if item.pk not in unfit]
    turns = _turns(fit)
    return Batch(
        cards=[
            _card(item, turns.get(item.ticket_id, []), is_mine=item.is_held_by(user.pk, now))
            for item in fit
        ],
        left_out=left_out,
        categories=_categories(fit),
    )


def approve(approvals: Sequence[Approval], reviewer: User) -> Sequence[Outcome]:
    """Return what came of each, in the order given. Raises NotBatchable before anything is sent.

    One category at once, at most MOST of them. A refusal stops no other.
    """
    ids = [one.item_id for one in approvals]
    items = ReviewItem.objects.visible_to(reviewer).filter(pk__in=ids)
    known = dict(items.values_list("pk", "category"))
    if len(ids) > MOST or len(set(known.values())) > 1 or len(known) < len(set(ids)):
        raise NotBatchable(f"Only up to {MOST} items of one category can be approved together.")
    if items.filter(Q(needs_second=True) | ~Q(kind=ReviewItem.Kind.DRAFT)).exists():
        raise NotBatchable
    return [_approve_one(one, reviewer) for one in approvals]


def _approve_one(approval: Approval, reviewer: User) -> Outcome:
    try:
        with transaction.atomic():
            verdict = decisions.send(approval.item_id, reviewer, approval.seen, text=approval.text)
            if verdict is not None and not approval.was_opened:
                audit.record(reviewer, "item.approved_unread", verdict.item, verdict=verdict.pk)
    except ReviewError as error:
        return Outcome(item_id=approval.item_id, refused=error)
    return Outcome(item_id=approval.item_id, verdict=verdict)


def _why_not(item: ReviewItem, user: User, now: datetime) -> str:
    """Return why the item cannot be in a batch of the person's, "" when it can."""
    carried: CarriedText | None = getattr(item, "carried", None)
    holder, until = item.claimed_by, item.claim_expires_at
    is_held = holder is not None and holder != user and until is not None and until > now
    name = (holder.get_full_name() or holder.get_username()) if holder else ""
    reasons = (
        (item.status != ReviewItem.Status.OPEN, f"It is {item.get_status_display().lower()}."),
        (item.kind != ReviewItem.Kind.DRAFT, "It is no draft of a reply."),
        (item.is_correction, "It is a correction."),
        (item.needs_second, "It needs a second person."),
        (not draft_text(item), "It has no draft."),
        (carried is not None and carried.looked_at is None, "Two texts wait for a choice there."),
        (is_held, f"{name} holds it."),
        (item.assigned_to_id not in {None, user.pk}, "It is handed to somebody else."),
    )
    return next((why for stands, why in reasons if stands), "")


def _turns(items: Iterable[ReviewItem]) -> dict[int, list[Message]]:
    """Return each ticket's newest messages, newest first, each cut to what is shown."""
    newest = (
        Message.objects.filter(ticket__in=[item.ticket_id for item in items])
        .annotate(
            place=Window(RowNumber(), partition_by=F("ticket"), order_by=F("seq").desc()),
            length=Length(text_of("body__content")),
            head=Left(text_of("body__content"), SHOWN_CHARS),
            has_files=Exists(Attachment.objects.filter(message=OuterRef("pk"))),
        )
        .filter(place__lte=SHOWN_MESSAGES)
        .order_by("ticket", "-seq")
    )
    turns: dict[int, list[Message]] = {}
    for message in newest:
        turns.setdefault(message.ticket_id, []).append(message)
    return turns


def _card(item: ReviewItem, newest: Sequence[Message], *, is_mine: bool) -> Card:
    asked: list[Message] = []
    for message in newest:
        if message.sender != Message.Sender.CUSTOMER:
            break
        asked.insert(0, message)
    turns = [
        Turn(text=facts["head"] or ERASED, is_cut=(facts["length"] or 0) > SHOWN_CHARS)
        for facts in map(vars, asked)  # what the query added
    ]
    draft, ticket = draft_text(item), item.ticket
    read = [
        ("the subject", ticket.subject),
        ("the customer's name", ticket.customer.name),
        ("the customer's address", ticket.customer.email),
        *(
            (f"message {message.seq}", turn.text)
            for message, turn in zip(asked, turns, strict=True)
        ),
        ("the draft", draft),
    ]
    return Card(
        item=item,
        draft=draft,
        text=working_draft(item),
        turns=turns,
        earlier=asked[0].seq - 1 if asked else ticket.last_seq,
        has_files=any(vars(message)["has_files"] for message in asked),
        cautions=cautions(read),
        is_mine=is_mine,
    )


def _categories(items: Iterable[ReviewItem]) -> Sequence[tuple[str, Sequence[int]]]:
    ids: dict[str, list[int]] = {}
    for item in items:
        ids.setdefault(item.category, []).append(item.pk)
    names = dict(Category.objects.filter(slug__in=ids).values_list("slug", "name"))
    return [(names.get(slug, "No category"), found) for slug, found in ids.items()]
