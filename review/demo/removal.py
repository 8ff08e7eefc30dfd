"""Taking the demo away: all of it and nothing else, in one transaction or not at all.

It works as the owner of the tables, since the application itself may not delete what is
append-only. The guards of those tables are off inside that transaction alone: their tables are
locked until it ends, and a crash brings the guards back with the rows.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from django.db.models import Exists, Model, OuterRef, ProtectedError, Q, QuerySet

from agents.evals.datasets import EXAMPLES, PAST_REPLIES
from agents.evals.models import Dataset, Example, Label, LabelPayload
from agents.models import (
    Agent,
    Calibration,
    Category,
    Effect,
    Pause,
    Reservation,
    Run,
    RunPayload,
    Step,
)
from memory.models import Article
from observability.models import Span, SpanPayload
from observability.payloads import digest
from review.demo import files, play
from review.demo.shop.loading import empty_shop
from review.demo.shop.tools import AGENT as RESOLUTION
from review.intake import AGENT
from review.models import (
    Assessment,
    Attachment,
    AuditEntry,
    Comment,
    Customer,
    Delivery,
    Macro,
    Message,
    Queue,
    Redraft,
    ReviewItem,
    ReviewPayload,
    Source,
    Ticket,
    TicketRun,
    Verdict,
)

OWNER = "owner"
DATASETS = (EXAMPLES, PAST_REPLIES)
PAYLOADS = (ReviewPayload, RunPayload, LabelPayload, SpanPayload)
GUARDED = (Message, Comment, Assessment, Verdict, Step, Label, *PAYLOADS)
GUARDS = ("refuse_change", "refuse_unless_erasing")
# A worker that holds what is wanted here, and wants what is held here, goes first.
ATTEMPTS = 5
LOCK_PATIENCE = "3s"


@dataclass(frozen=True, kw_only=True)
class Extent:
    """What of the demo is here, in numbers. accounts: their names."""

    tickets: int
    verdicts: int
    customers: int
    articles: int
    examples: int
    categories: int
    accounts: tuple[str, ...]


def extent() -> Extent:
    """Return what would be removed, as nearly as can be told beforehand."""
    tickets = Ticket.objects.filter(source__is_demo=True)
    agent = Agent.objects.filter(slug=AGENT).first()
    return Extent(
        tickets=tickets.count(),
        verdicts=Verdict.objects.filter(item__ticket__in=tickets).count(),
        customers=tickets.values("customer").distinct().count(),
        articles=_articles(DEFAULT_DB_ALIAS).count(),
        examples=_examples(DEFAULT_DB_ALIAS).count(),
        categories=_categories(agent).count() if agent else 0,
        accounts=tuple(play.made("accounts")),
    )


def admins_besides() -> QuerySet[User]:
    """Return the active superusers that are not the demo's."""
    active = User.objects.filter(is_superuser=True, is_active=True)
    return active.exclude(username__in=play.made("accounts"))


def remove_demo() -> None:
    """Remove the demo. Raises OperationalError when the tables could not be had to itself."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _remove(OWNER if OWNER in settings.DATABASES else DEFAULT_DB_ALIAS)
        except OperationalError:  # a lock was not to be had, or each waited for the other
            if attempt == ATTEMPTS:
                raise
            time.sleep(attempt)
    return None


def _remove(db: str) -> None:
    with transaction.atomic(using=db):
        play.hold(db)
        accounts, queues = play.made("accounts"), play.made("queues")
        source = Source.objects.using(db).filter(slug=files.SOURCE).get()
        with _guards_off(db):
            customers = _remove_tickets(db)
            _remove_unused_payloads(db)
        Customer.objects.using(db).filter(pk__in=customers, tickets__isnull=True).delete()
        for agent in Agent.objects.using(db).filter(slug=AGENT):
            _remove_knowledge(db, agent)
            _remove_resolution(db)
            _remove_queues(db, agent, queues, accounts)
        _remove_accounts(db, accounts)
        AuditEntry.objects.using(db).create(
            actor_name="system",
            action=play.REMOVED,
            subject=f"source:{source.pk}",
            detail={"by": "manage.py remove_demo"},
        )
        Source.objects.using(db).filter(is_demo=True).delete()


@contextmanager
def _guards_off(db: str) -> Iterator[None]:
    """Let append-only rows be deleted inside the block. Their tables are locked until commit."""
    tables = [model._meta.db_table for model in GUARDED]
    with connections[db].cursor() as cursor:
        # A table with a check still to come cannot be altered, so each comes at once.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE}'")
        guards = [guard for table in tables for guard in _guards_of(db, table)]
        for table, guard in guards:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
        yield
        for table, guard in guards:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {guard}")


def _guards_of(db: str, table: str) -> list[tuple[str, str]]:
    with connections[db].cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = ANY(%s)",
            [table, list(GUARDS)],
        )
        return [(table, name) for (name,) in cursor.fetchall()]


def _remove_tickets(db: str) -> list[int]:
    """Remove the demo's tickets and all that hangs on them; return their customers' ids.

    From the leaves to the root: where something else still refers to a row, Django refuses.
    """
    tickets = Ticket.objects.using(db).filter(source__is_demo=True)
    ids = list(tickets.values_list("pk", flat=True))
    customers = list(tickets.values_list("customer_id", flat=True).distinct())
    links = TicketRun.objects.using(db).filter(ticket__in=ids)
    redrafts = Redraft.objects.using(db).filter(item__ticket__in=ids)
    run_ids = [
        *links.values_list("run_id", flat=True),
        *redrafts.values_list("run_id", flat=True),
    ]
    runs = Run.objects.using(db).filter(pk__in=run_ids)
    Delivery.objects.using(db).filter(ticket__in=ids).delete()
    Attachment.objects.using(db).filter(
        Q(message__ticket__in=ids) | Q(item__ticket__in=ids)
    ).delete()
    Comment.objects.using(db).filter(ticket__in=ids).delete()
    redrafts.delete()
    Verdict.objects.using(db).filter(item__ticket__in=ids).delete()
    Assessment.objects.using(db).filter(item__ticket__in=ids).delete()
    items = ReviewItem.objects.using(db).filter(ticket__in=ids)
    items.update(replaces=None)
    items.delete()
    Message.objects.using(db).filter(ticket__in=ids).delete()
    links.delete()
    tickets.delete()
    labels = Label.objects.using(db).filter(run__in=run_ids)
    while labels.filter(label__isnull=True).delete()[0]:  # a correction before what it corrects
        pass
    for model in (Effect, Pause, Step):
        model._base_manager.using(db).filter(run__in=run_ids).delete()
    # The money is spent, whatever becomes of the run.
    Reservation.objects.using(db).filter(run__in=run_ids).update(run=None)
    Span.objects.using(db).filter(
        trace_id__in=list(runs.values_list("trace_id", flat=True))
    ).delete()
    runs.delete()
    return customers


def _remove_unused_payloads(db: str) -> None:
    """Remove the payload rows that nothing refers to any more."""
    for payload in PAYLOADS:
        unused = payload._base_manager.using(db)
        for model, field in _references_to(payload):
            here = model._base_manager.using(db).filter(**{field: OuterRef("pk")})
            unused = unused.exclude(Exists(here))
        unused.delete()


def _references_to(target: type[Model]) -> Iterator[tuple[type[Model], str]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.related_model is target:
                yield model, field.name


def _remove_knowledge(db: str, agent: Agent) -> None:
    """Remove articles, examples and what was learnt from them and from the demo's labels."""
    _articles(db).delete()
    _macros(db).delete()
    _examples(db).delete()
    Dataset.objects.using(db).filter(agent=agent, name__in=DATASETS, examples__isnull=True).delete()
    _categories(agent).exclude(
        Q(slug__in=Ticket.objects.using(db).values("category"))
        | Q(slug__in=ReviewItem.objects.using(db).values("category"))
    ).delete()
    Calibration.objects.using(db).filter(agent=agent).delete()


def _remove_resolution(db: str) -> None:
    """Remove the shop and the agent that acts on it; one that worked on others' tickets stays."""
    empty_shop(db)
    for agent in Agent.objects.using(db).filter(slug=RESOLUTION):
        try:
            with transaction.atomic(using=db):
                agent.delete()
        except ProtectedError:
            agent.status = Agent.Status.PAUSED
            agent.status_note = "The demo was removed, and with it the shop it acted on."
            agent.save(using=db)


def _remove_queues(db: str, agent: Agent, slugs: list[str], accounts: list[str]) -> None:
    """Remove the demo's queues that no ticket and nobody real uses; see that one is left."""
    queues = Queue.objects.using(db)
    real = User.objects.using(db).exclude(username__in=accounts)
    others = queues.exclude(slug__in=slugs).filter(escalates_to__isnull=False)
    unused = (
        queues.filter(slug__in=slugs, items__isnull=True, ticket__isnull=True)
        .exclude(members__in=real)
        .exclude(pk__in=others.values("escalates_to"))
    )
    queues.filter(pk__in=list(unused.values_list("pk", flat=True))).delete()
    if agent.company.get("name") == files.company()["name"]:
        agent.company = {}
    if not Queue.objects.using(db).filter(slug=agent.fallback_queue).exists():
        left = Queue.objects.using(db).first()
        left = left or Queue.objects.using(db).create(slug="inbox", name="Inbox")
        agent.fallback_queue = left.slug
    agent.save(using=db)


def _remove_accounts(db: str, names: list[str]) -> None:
    """Remove the demo's accounts; one that the record still names stays, closed for good."""
    ReviewItem.objects.using(db).filter(claimed_by__username__in=names).update(
        claimed_by=None, claim_token=None, claim_expires_at=None
    )
    for user in User.objects.using(db).filter(username__in=names):
        try:
            with transaction.atomic(using=db):
                user.delete()
        except ProtectedError:
            user.is_active = user.is_staff = user.is_superuser = False
            user.set_unusable_password()
            user.save(using=db)
            user.groups.clear()
            user.queues.clear()


def _articles(db: str) -> QuerySet[Article]:
    """Return the demo's articles, those that somebody has rewritten left out."""
    shipped = [digest([article.title, article.body]) for article in files.articles()]
    return Article.objects.using(db).filter(digest__in=shipped)


def _macros(db: str) -> QuerySet[Macro]:
    """Return the demo's macros, those that somebody has rewritten left out."""
    shipped = [macro["text"] for macro in files.lines("macros")]
    return Macro.objects.using(db).filter(owner__isnull=True, text__in=shipped)


def _examples(db: str) -> QuerySet[Example]:
    names = {row["external_id"] for row in files.lines("tickets")} | set(files.past_replies())
    return Example.objects.using(db).filter(
        external_id__in=names, dataset__agent__slug=AGENT, dataset__name__in=DATASETS
    )


def _categories(agent: Agent) -> QuerySet[Category]:
    return agent.categories.filter(slug__in=play.made("categories"))
