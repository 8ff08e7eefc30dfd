"""Rows of every model, for the administration to show."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.postgres.search import SearchVector
from django.db.models import Value
from django.utils import timezone

from agents.evals.models import Dataset, Example
from agents.models import (
    Agent,
    Calibration,
    Comparison,
    Effect,
    LocalModelVersion,
    Pause,
    PolicyVersion,
    Promotion,
    PromptVersion,
    Reservation,
    RouteVersion,
    RunPayload,
    Spend,
    Step,
    ToolSetting,
    ToolUse,
    Waiver,
)
from memory.embeddings import STATIC
from memory.models import Article, Chunk, Embedding
from observability.models import FailureCount, Span, SpanPayload
from review.claims import claim
from review.decisions import Seen, send
from review.demo.shop import acts
from review.demo.shop.loading import load_shop
from review.demo.shop.models import ShopOrder
from review.models import (
    ApiToken,
    Attachment,
    AttachmentContent,
    BusinessHours,
    CarriedText,
    Comment,
    ComparedPair,
    ComparisonOrder,
    Holiday,
    IdempotencyKey,
    Macro,
    Notification,
    Preferences,
    Queue,
    Redraft,
    ReviewItem,
    ReviewPayload,
    SavedView,
    Signature,
    TicketVector,
    TicketWords,
    WorkingText,
)
from tests.builders import DRAFT, make_item, make_token


def fill(many: int, nils: User, ada: User) -> None:
    """Make at least one row of every model, and `many` of those that grow."""
    agent, now = Agent.objects.get(), timezone.now()
    dataset = Dataset.objects.create(agent=agent, name="examples")
    for number in range(many):
        item = decided_item(ada, f"Parcel p{number:02}")
        payload = RunPayload.objects.create(content={"found": number})
        Step.objects.create(
            run=item.run,
            key="recall",
            kind=Step.Kind.RETRIEVAL,
            attempt=1,
            started_at=now,
            finished_at=now,
            input=payload,
            result=payload,
        )
        Span.objects.create(
            day=now.date(),
            trace_id=item.run.trace_id,
            span_id=f"{number:016x}",
            name="recall",
            started_at=now,
            ended_at=now + timedelta(milliseconds=5),
            status=Span.Status.OK,
            payload=SpanPayload.objects.create(content="What was asked"),
        )
        article = Article.objects.create(slug=f"a-{number}", title=f"Article {number}")
        chunk = Chunk.objects.create(article=article, position=0, text="Two days.")
        Embedding.objects.create(chunk=chunk, embedder=STATIC, vector=[1.0] + [0.0] * 255)
        Example.objects.create(dataset=dataset, external_id=str(number), text="Where is it?")
    _, token = make_token(ApiToken.Scope.SUBMIT)
    IdempotencyKey.objects.create(token=token, key="k", request_digest="", status=202, response={})
    LocalModelVersion.objects.create(
        agent=agent, fingerprint="f" * 64, examples=1, labels=1, trained_in_ms=1, trained_at=now
    )
    Calibration.objects.create(
        agent=agent, model="m", prompt_version="1", labels=100, slope=1, intercept=0, fitted_at=now
    )
    fill_desk(many, nils, ada)
    fill_bounds(many, agent, nils)
    fill_shop()
    LogEntry.objects.log_actions(nils.pk, [agent], 2, change_message="", single_object=True)


def fill_bounds(many: int, agent: Agent, nils: User) -> None:
    """Make rows of what agents run on, wait for, do and may spend."""
    now = timezone.now()
    version: dict[str, Any] = {"environment": "live", "reason": "Better.", "created_by": nils}
    for number in range(2, many + 2):
        run = make_item().run
        payload = RunPayload.objects.create(content={"order": number})
        RouteVersion.objects.create(version=number, routes={"draft": 2}, **version)
        PromptVersion.objects.create(
            version=number, agent=agent, task="draft", text="Write.", **version
        )
        PolicyVersion.objects.create(version=number, agent=agent, **version)
        Promotion.objects.create(versions=[], environment="live", note="Go", asked_by=nils)
        comparison = Comparison.objects.create(
            agent=agent, versions=[], reviewed_items=9, started_by=nils
        )
        ComparisonOrder.objects.create(comparison=comparison)
        ComparedPair.objects.create(comparison=comparison, live_run=run)
        Pause.objects.create(run=run, step_key="ask", proposal=payload, digest="d", expires_at=now)
        Effect.objects.create(
            run=run,
            step_key="act",
            tool="refund",
            arguments=payload,
            bound_digest="d",
            idempotency_key=f"run-{run.pk}-act",
            takes_key=True,
        )
        Spend.objects.create(scope=f"run/{run.pk}/2")
        Reservation.objects.create(scopes=[], run=run, model="m", reserved_usd=1)
        ToolSetting.objects.create(agent=agent, tool=f"tool-{number}", reason="Less.")
        ToolUse.objects.create(
            agent=agent, tool=f"tool-{number}", window="day", started_at=now, calls=1
        )
        Waiver.objects.create(
            agent=agent,
            guardrail="length",
            reason="A long letter.",
            starts_at=now,
            ends_at=now + timedelta(days=1),
            created_by=nils,
        )
        FailureCount.objects.create(
            environment="live", kind="model", name=f"m-{number}", error_type="timeout", count=1
        )


def fill_shop() -> None:
    """Make the demo's shop, with one order refunded and one cancelled."""
    load_shop(timezone.now())
    paid = ShopOrder.objects.filter(status="delivered").first()
    placed = ShopOrder.objects.filter(status="placed").first()
    assert paid
    assert placed
    acts.refund(paid, Decimal(1), reason="Late", key="k-1")
    acts.cancel(placed, reason="Changed their mind", key="k-2")


def fill_desk(many: int, nils: User, ada: User) -> None:
    """Make rows of what reviewers keep at hand and say to each other."""
    queue = Queue.objects.get(slug="orders")
    BusinessHours.objects.create(queue=queue, weekday=0, opens_at="09:00", closes_at="17:00")
    Holiday.objects.create(queue=queue, day="2026-12-25", name="Christmas")
    Signature.objects.create(user=ada, queue=queue, text="Ada")
    Preferences.objects.create(user=ada)
    for number in range(many):
        item = make_item(subject=f"Box b{number:02}")
        run = make_item().run
        words = ReviewPayload.objects.create(content="Shorter.")
        Macro.objects.create(name=f"Macro {number}", text="Hello", queue=queue)
        SavedView.objects.create(owner=ada, name=f"View {number}", query="queue=orders")
        WorkingText.objects.create(item=item, text="Hello", saved_by=ada)
        CarriedText.objects.create(
            item=item, text="Hello", written_by=ada, written_at=timezone.now(), upto_seq=1
        )
        Redraft.objects.create(item=item, run=run, instruction=words, asked_by=ada)
        Comment.objects.create(ticket=item.ticket, author=ada, body=words)
        Notification.objects.create(user=nils, kind="mentioned", item=item, actor=ada, text="Look")
        file = Attachment.objects.create(item=item, name="a.pdf", size=3, sha256="0" * 64)
        AttachmentContent.objects.create(attachment=file, data=b"abc")
        TicketWords.objects.update_or_create(
            ticket=item.ticket, defaults={"words": SearchVector(Value("box"))}
        )
        TicketVector.objects.update_or_create(
            ticket=item.ticket, defaults={"vector": [1.0] + [0.0] * 255}
        )


def decided_item(reviewer: User, subject: str) -> ReviewItem:
    item = claim(make_item(subject=subject), reviewer)
    assert item.claim_token
    seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    send(item.pk, reviewer, seen, text=DRAFT.replace("tomorrow", "today"), category="invoice")
    return item
