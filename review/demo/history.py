"""The demo's past, made by living through it: each ticket goes the way every ticket goes, with
scripted reviewers and under a clock that is set to the time at which it would have happened.

What a ticket's run takes, what it finds and what the verdict counts is real; only when it was and
who decided are made. One ticket is one transaction, so nobody ever sees half of it.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from random import Random

import time_machine
from django.contrib.auth.models import User
from django.db import transaction

from agents import runner
from agents.local_model import training
from agents.local_model.slots import fill, given_name, slot_fields
from agents.models import Agent
from review import claims, decisions, handing, outcomes
from review.demo import files, hours, play
from review.demo.reviewers import Act, Case, act_on, escalation_note, framed
from review.errors import ClaimLost, ReviewError
from review.intake import AGENT, accept_ticket
from review.items import draft_text, settle_run
from review.models import ReviewItem

log = logging.getLogger(__name__)

LEAD = "lead"
WEEK = 7
# Working minutes until somebody takes a ticket: half of them wait less than this.
USUAL_WAIT_MIN = 30
WAIT_SPREAD = 1.0
LATEST_BEFORE_START = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """When a ticket of the past came in, and when it was dealt with; a lead's part comes last."""

    row: files.Row
    received_at: datetime
    taken_at: datetime
    decided_at: datetime
    lead_took_at: datetime
    lead_decided_at: datetime

    @property
    def week(self) -> int:
        """Which week before the start it is of, the last being 0."""
        return int((self.row["day"] - 1) // WEEK)


def work_on_next() -> bool:
    """Live through the past's next ticket, oldest first; return whether there was one."""
    plan, opens_week = _next_plan()
    if plan is None:
        return False
    agent = Agent.objects.get(slug=AGENT)
    if opens_week:
        training.train_if_stale(agent)
    # Now, and not under the set clock: the newest training is the one in force.
    training.load_current(agent.slug)
    with transaction.atomic():
        play.hold()
        if play.began_at() is not None and plan.row["external_id"] not in play.accepted_ids():
            _live_through(plan)
    return True


@lru_cache(maxsize=1)
def plans(began_at: datetime) -> Sequence[Plan]:
    """Return every ticket of the past with its times, in the order they came in."""
    found = (plan_of(row, began_at) for row in files.past())
    return sorted(found, key=lambda plan: plan.received_at)


def plan_of(row: files.Row, began_at: datetime) -> Plan:
    """Return when things happened to the ticket: all of it before the demo began."""
    chance = Random(row["external_id"])  # noqa: S311 - the same past on every machine
    minute, wait = chance.randrange(60), chance.lognormvariate(0, WAIT_SPREAD) * USUAL_WAIT_MIN
    reading, lead_wait, lead_reading = (
        timedelta(minutes=chance.uniform(*span)) for span in ((1, 8), (15, 150), (2, 9))
    )
    day = _date_of(row["day"], began_at)
    while True:
        received_at = hours.local(day, row["hour"], minute)
        taken_at = hours.after_working(received_at, timedelta(minutes=wait))
        decided_at = taken_at + reading
        lead_took_at = hours.after_working(decided_at, lead_wait)
        plan = Plan(
            row=row,
            received_at=received_at,
            taken_at=taken_at,
            decided_at=decided_at,
            lead_took_at=lead_took_at,
            lead_decided_at=lead_took_at + lead_reading,
        )
        if plan.lead_decided_at < began_at - LATEST_BEFORE_START:
            return plan
        day -= timedelta(days=1)  # dealt with only after the start: it came in a day sooner


def _date_of(day: int, began_at: datetime) -> date:
    """Return the date in the day's own week before the start that has the same weekday."""
    # A day of the past keeps its weekday, and so its rhythm.
    weekday = (files.WRITTEN_ON - timedelta(days=day)).weekday()
    last = began_at.astimezone(hours.ZONE).date() - timedelta(days=1 + (day - 1) // WEEK * WEEK)
    return last - timedelta(days=(last.weekday() - weekday) % WEEK)


def _next_plan() -> tuple[Plan | None, bool]:
    """Return the next ticket's plan, and whether it is the first of its week."""
    began_at = play.began_at()
    if began_at is None or not play.costs_nothing():
        return None, False
    known = play.accepted_ids()
    before: Plan | None = None
    for plan in plans(began_at):
        if plan.row["external_id"] not in known:
            return plan, before is not None and before.week != plan.week
        before = plan
    return None, False


def _live_through(plan: Plan) -> None:
    with _at(plan.received_at):
        accepted = accept_ticket(files.as_ticket(plan.row, plan.received_at))
        if accepted.run is None:
            return
        runner.execute(accepted.run.pk)
        item = settle_run(accepted.run.pk, hands_on=False)
    if item is None:
        return
    try:
        _decide(item, plan)
    except (ReviewError, User.DoesNotExist) as error:
        # Somebody has changed the demo's people or queues: it waits in the inbox like any other.
        log.info("%s of the demo's past stays open: %r", plan.row["external_id"], error)


def _decide(item: ReviewItem, plan: Plan) -> None:
    chance = Random(plan.row["external_id"] + " decided")  # noqa: S311 - as above
    tags = frozenset(plan.row["tags"])
    note = escalation_note(tags)
    if note and item.queue.escalates_to_id:
        reviewer = _reviewer(item, chance)
        with _at(plan.taken_at):
            item = claims.claim(item, reviewer)
        with _at(plan.decided_at):
            item = handing.escalate(item.pk, reviewer, _seen(item), note=note)
        taken_at, decided_at = plan.lead_took_at, plan.lead_decided_at
    else:
        taken_at, decided_at = plan.taken_at, plan.decided_at
    reviewer = _reviewer(item, chance)
    with _at(taken_at):
        item = claims.claim(item, reviewer)
    case = _case(item, plan.row, is_lead=reviewer.get_username() == LEAD)
    with _at(decided_at):
        _carry_out(item, reviewer, act_on(case, chance), plan.row["category"])


def _carry_out(item: ReviewItem, reviewer: User, act: Act, category: str) -> None:
    if act.kind == "reject":
        decisions.reject(item.pk, reviewer, _seen(item), reason=act.note, category=category)
        return
    verdict = decisions.send(item.pk, reviewer, _seen(item), text=act.text, category=category)
    if verdict is None:
        return  # a second person's word is waited for
    delivery = verdict.delivery
    with _at(delivery.due_at + timedelta(seconds=2)):
        outcomes.deliver(delivery.pk)


def _reviewer(item: ReviewItem, chance: Random) -> User:
    """Return one of the demo's people who work in the item's queue. Raises User.DoesNotExist."""
    if item.queue.escalates_to_id is None:
        return User.objects.get(username=LEAD, is_active=True)
    names = [person["username"] for person in files.company()["reviewers"]]
    people = User.objects.filter(
        username__in=["reviewer", *names], is_active=True, queues=item.queue_id
    )
    found = list(people.order_by("username"))
    if not found:
        raise User.DoesNotExist(f"Nobody of the demo works in {item.queue}.")
    return chance.choice(found)


def _case(item: ReviewItem, row: files.Row, *, is_lead: bool) -> Case:
    name = given_name(row["customer"]["name"])
    written = files.answers().get(row["external_id"], "")
    return Case(
        name=name,
        draft=draft_text(item),
        right=framed(name, written) if written else _right_reply(item, row),
        category=row["category"],
        tags=frozenset(row["tags"]),
        is_lead=is_lead,
    )


def _right_reply(item: ReviewItem, row: files.Row) -> str:
    """Return the right past reply as the agent would have filled it in; "" where none fits."""
    if row["past_reply"] is None:
        return ""
    result = item.run.result.content if item.run.result else None
    extracted = (result or {}).get("fields", {})
    fields = slot_fields(
        customer_name=row["customer"]["name"],
        order_numbers=extracted.get("order_numbers", ()),
        products=extracted.get("products", ()),
    )
    return fill(files.past_replies()[row["past_reply"]]["reply"], fields)


def _seen(item: ReviewItem) -> decisions.Seen:
    if item.claim_token is None:
        raise ClaimLost
    return decisions.Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


def _at(moment: datetime) -> time_machine.travel:
    """Return the clock set to that moment, running; as a number, so that TZ is left alone."""
    return time_machine.travel(moment.timestamp())
