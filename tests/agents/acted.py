"""A run of the acting agent as its tests work on it, decide on what it asks, and leave it."""

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from agents import runner
from agents.models import Effect, Run, RunPayload
from review import claims, decisions, outcomes, pauses
from review.actions import Answer
from review.decisions import Seen
from review.items import settle_run
from review.models import Delivery, ReviewItem, Verdict

ORDER: dict[str, Any] = {"order": "HCW-1", "amount": 35}


def worked_on(run: Run) -> Run:
    """Return the run after a worker had it, with its items opened."""
    runner.execute(run.pk)
    settle_run(run.pk)
    pauses.ask(run.pk)
    return Run.objects.get(pk=run.pk)


def asked(run: Run) -> ReviewItem:
    return ReviewItem.objects.get(run=run, status="open")


def decide(item: ReviewItem, user: User, answer: Answer) -> None:
    """Decide on the item, and let the verdict take effect."""
    give(item, user, answer)
    let_out()


def give(item: ReviewItem, user: User, answer: Answer) -> Verdict | None:
    """Decide on the item; the verdict is still on its way. None while a second person is needed."""
    item = claims.claim(item, user)
    assert item.claim_token
    seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    return next(iter(decisions.decide(item.pk, user, seen, [answer])), None)


def let_out() -> None:
    Delivery.objects.filter(state="due").update(due_at=timezone.now())
    for delivery in Delivery.objects.filter(state="due"):
        outcomes.deliver(delivery.pk)


def approve(item: ReviewItem, user: User, **changes: Any) -> None:
    proposed = (item.proposal.content or {})["actions"][0]["arguments"]
    decide(item, user, Answer(said="go", final={**proposed, **changes}))


def leave_under_way(run: Run, *, takes_key: bool) -> None:
    """Leave a payment of the run as a worker does that dies in it."""
    Effect.objects.create(
        run=run,
        step_key="call-1",
        tool="pay",
        arguments=RunPayload.objects.create(content=ORDER),
        bound_digest="",
        idempotency_key="k",
        takes_key=takes_key,
    )
