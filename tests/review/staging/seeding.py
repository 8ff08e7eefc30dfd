"""A live agent with decided items, and a candidate beside it, as tests of staging start from."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from agents import runner
from agents.models import STAGING, Agent, PolicyVersion, PromptVersion, Run, TierVersion
from agents.tiers import live_tier
from agents.versions import change
from review import decisions, tasks
from review.claims import claim
from review.decisions import Seen
from review.items import draft_text, settle_run
from review.models import ReviewItem
from review.staging import working
from tests.builders import end_run, make_result, make_ticket

MODEL = "openai/candidate"


def stage_tier(tier: int = 2, *, model: str = MODEL, by: User | None = None) -> TierVersion:
    """Put another model on the tier in staging."""
    live = live_tier(tier)
    content = {**live.content, "model": model}
    _, version = change(
        TierVersion, STAGING, {"tier": tier}, lambda _: content, reason="A try.", by=by
    )
    return version


def stage_prompt(agent: Agent, text: str, *, task: str = "draft") -> PromptVersion:
    """Put another prompt of the task on staging."""
    _, version = change(
        PromptVersion,
        STAGING,
        {"agent_id": agent.pk, "task": task},
        lambda _: {"text": text},
        reason="Shorter.",
        by=None,
    )
    return version


def stage_policy(agent: Agent, rules: Sequence[Any]) -> PolicyVersion:
    """Put other escalation rules on staging."""
    _, version = change(
        PolicyVersion,
        STAGING,
        {"agent_id": agent.pk},
        lambda _: {"rules": list(rules)},
        reason="Stricter.",
        by=None,
    )
    return version


def live_item(*, body: str = "Where is my parcel?", worked: bool = True) -> ReviewItem:
    """An open item whose run a worker executed; with worked=False, made up at once."""
    run = make_ticket(body).run
    assert run is not None
    if worked:
        runner.execute(run.pk)
    else:
        end_run(run, make_result())
    item = settle_run(run.pk)
    assert item is not None
    return item


def decide(item: ReviewItem, person: User, text: str | None = None) -> ReviewItem:
    """Send the item's draft, or this text in its place; "" rejects it."""
    claimed = claim(item, person)
    assert claimed.claim_token is not None
    seen = Seen(claim_token=claimed.claim_token, revision=claimed.revision, digest=claimed.digest)
    if text == "":
        decisions.reject(item.pk, person, seen, reason="Wrong.")
    else:
        decisions.send(item.pk, person, seen, text=draft_text(item) if text is None else text)
    item.refresh_from_db()
    return item


def decided_items(person: User, number: int, *, worked: bool = False) -> list[ReviewItem]:
    return [decide(live_item(worked=worked), person) for _ in range(number)]


def work_through(most: int = 200) -> int:
    """Do what workers and the sweep do until nothing of staging is left; return the runs done."""
    for done in range(most):
        working.advance(timezone.now())
        queued = Run.objects.filter(shadow_of__isnull=False, status=Run.Status.QUEUED)
        run_id = queued.values_list("pk", flat=True).first()
        if run_id is None:
            return done
        tasks.work_on_run(run_id)
    raise AssertionError("staging never came to an end")
