"""Waivers: an end and a reason, an end by the clock alone, an end before it, and who did what."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from agents.guardrails.waivers import waived
from agents.models import Agent, Waiver
from review.models import AuditEntry
from review.waiving import CannotWaive, past_waivers, re_arm, switch_off, waivers_in_force
from tests.builders import make_person

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
REASON = "The sale promises it."


@pytest.fixture
def admin(installed: Agent) -> User:
    return make_person("jo", "admin")


def off(admin: User, agent: Agent | None = None, days: float = 1, name: str = "money") -> Waiver:
    ends_at = timezone.now() + timedelta(days=days)
    return switch_off(name, agent, ends_at=ends_at, reason=REASON, by=admin)


def test_a_waiver_is_in_force_until_its_end_and_lapses_by_itself(
    admin: User, installed: Agent
) -> None:
    with time_machine.travel(NOON, tick=False):
        off(admin, installed)
    for moment, is_off in (
        (NOON, True),
        (NOON + timedelta(hours=23, minutes=59), True),
        (NOON + timedelta(days=1), False),
    ):
        assert ("money" in waived(installed.pk, moment)) is is_off
        assert bool(waivers_in_force(moment)) is is_off
    (over,) = past_waivers(NOON + timedelta(days=2))
    assert (over.waiver.ended_at, over.title) == (None, "Promises of money")


def test_it_says_until_when_and_why(admin: User, installed: Agent) -> None:
    with time_machine.travel(NOON, tick=False):
        off(admin)
        said = waived(installed.pk, timezone.now())
    assert said == {"money": "Waived until 2026-12-02 12:00 UTC: The sale promises it."}


def test_one_for_an_agent_leaves_the_others_guarded(admin: User, installed: Agent) -> None:
    other = Agent.objects.create(slug="other", name="Other", fallback_queue="care")
    off(admin, installed)
    now = timezone.now()
    assert set(waived(installed.pk, now)) == {"money"}
    assert not waived(other.pk, now)
    off(admin, None, name="dates")
    assert set(waived(other.pk, timezone.now())) == {"dates"}


def test_ended_early_it_re_arms_and_the_record_names_who(admin: User, installed: Agent) -> None:
    lead = make_person("kim", "admin")
    waiver = off(admin, installed)
    assert re_arm(waiver, by=lead)
    assert not re_arm(waiver, by=admin), "it is over"
    assert not waived(installed.pk, timezone.now())
    waiver.refresh_from_db()
    assert waiver.ended_by == lead
    entries = AuditEntry.objects.filter(subject=f"waiver:{waiver.pk}").order_by("pk")
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("guardrail.waived", admin),
        ("guardrail.rearmed", lead),
    ]
    assert entries[0].detail["reason"] == REASON
    assert entries[0].detail["until"] == waiver.ends_at.isoformat()


def test_of_overlapping_waivers_the_last_end_counts(admin: User, installed: Agent) -> None:
    with time_machine.travel(NOON, tick=False):
        first = off(admin, installed, days=1)
        off(admin, None, days=3)
    assert waived(installed.pk, NOON)["money"].startswith("Waived until 2026-12-04")
    assert "money" in waived(installed.pk, NOON + timedelta(days=2))
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        re_arm(first, by=admin)
        assert "money" in waived(installed.pk, timezone.now()), "the other one still counts"


@pytest.mark.parametrize(
    ("days", "reason", "name", "says"),
    [
        (14.01, REASON, "money", "14 days at most"),
        (0, REASON, "money", "has passed"),
        (-1, REASON, "money", "has passed"),
        (1, "  ", "money", "Say why"),
        (1, REASON, "unheard-of", "no such guardrail"),
    ],
)
def test_without_a_near_end_and_a_reason_nothing_is_switched_off(
    admin: User, days: float, reason: str, name: str, says: str
) -> None:
    with time_machine.travel(NOON, tick=False), pytest.raises(CannotWaive, match=says):
        switch_off(name, None, ends_at=NOON + timedelta(days=days), reason=reason, by=admin)
    assert not Waiver.objects.exists()
    assert not AuditEntry.objects.filter(action="guardrail.waived").exists()


def test_the_database_holds_the_14_days_too(admin: User) -> None:
    fields = {"guardrail": "money", "reason": REASON, "created_by": admin, "starts_at": NOON}
    Waiver.objects.create(ends_at=NOON + timedelta(days=14), **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Waiver.objects.create(ends_at=NOON + timedelta(days=14, seconds=1), **fields)
