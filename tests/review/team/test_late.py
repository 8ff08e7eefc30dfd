"""What came late, and why."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from review.claims import claim
from review.decisions import send
from review.handing import escalate, snooze
from review.models import BusinessHours, Queue
from review.service.calendar import Calendar
from review.team.why import Escalation, Span, Story, spent, why
from tests.builders import DRAFT, make_item, make_queue
from tests.review.team.conftest import HOUR, MINUTE, START, at, logged_in, seen

pytestmark = pytest.mark.django_db


def test_a_late_item_says_where_its_time_went(
    lea: User, ada: User, grace: User, clock: time_machine.Traveller
) -> None:
    item = make_item(subject="A long story")
    clock.shift(5 * HOUR)
    item = claim(item, ada)
    clock.shift(10 * MINUTE)
    snooze(item.pk, ada, seen(item), START + 8 * HOUR)
    clock.move_to(START + 9 * HOUR)
    assert "Over time now" in at("/team/late/", lea)
    item = claim(item, grace)
    clock.shift(12 * MINUTE)
    send(item.pk, grace, seen(item), text=DRAFT)
    text = at("/team/late/?state=decided", lea)
    assert "A long story" in text
    assert "1 h over" in text
    assert "Nobody took it for 6 h; it was snoozed for 2 h 50 min." in text
    assert "1 of 1 item came late in the last 7 days" in text


def test_an_escalation_that_made_it_late_is_named(
    lea: User, ada: User, clock: time_machine.Traveller
) -> None:
    item = make_item()
    clock.shift(2 * HOUR)
    item = claim(item, ada)
    clock.shift(14 * MINUTE)
    escalate(item.pk, ada, seen(item))
    text = at("/team/late/?queue=care", lea)
    assert "Nobody took it for 2 h; ada had it for 14 min." in text
    assert "ada escalated it to Care, where it was over time at once." in text


def test_late_pages_are_bounded_and_follow_each_other(
    lea: User,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    from review.team import late

    monkeypatch.setattr(late, "PAGE", 3)
    queue = make_queue("orders")
    for weekday in range(7):
        BusinessHours.objects.create(
            queue=queue, weekday=weekday, opens_at="08:00", closes_at="20:00"
        )
    for number in range(5):
        make_item(subject=f"Waits {number}")
        clock.shift(MINUTE)
    clock.shift(24 * HOUR)
    client = logged_in(lea)
    with django_assert_max_num_queries(16):
        first = client.get("/team/late/").content.decode()
    assert [f"Waits {number}" in first for number in range(5)] == [True, True, True, False, False]
    link = first[first.index("&amp;after=") :].partition('"')[0].replace("&amp;", "&")
    second = client.get(f"/team/late/?{link}").content.decode()
    assert [f"Waits {number}" in second for number in range(5)] == [
        False,
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    "query", ["?after=1e9", "?after=99999999999999999999", "?queue=%00", "?state=x&days=0&week=2"]
)
def test_addresses_that_say_nonsense_show_the_page(lea: User, query: str) -> None:
    assert logged_in(lea).get(f"/team/late/{query}").status_code == 200


def span(kind: str, start: int, end: int, who: str = "") -> Span:
    return Span(kind=kind, start=START + start * MINUTE, end=START + end * MINUTE, who=who)  # type: ignore[arg-type]


def story(*spans: Span, minutes: int = 100, due: int = 60, **more: Any) -> Story:
    return Story(
        started_at=START,
        due_at=START + due * MINUTE,
        ended_at=START + minutes * MINUTE,
        spans=spans,
        **more,
    )


ALWAYS = Calendar(zone=ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (story(span("waited", 0, 100)), "Nobody took it for 1 h 40 min."),
        (story(span("agent", 0, 95)), "The agent took 1 h 35 min."),
        (
            story(span("agent", 0, 20), span("held", 40, 100, "Ada")),
            "Ada had it for 1 h; the agent took 20 min; nobody took it for 20 min.",
        ),
        (
            story(span("kept", 0, 100, "Ada"), span("held", 70, 100, "Ada")),
            "It was kept for Ada for 1 h 10 min; Ada had it for 30 min.",
        ),
        (
            story(span("earlier", 5, 60), span("agent", 0, 62), span("waited", 62, 100)),
            (
                "An earlier draft waited for 55 min until the next message came in; "
                "nobody took it for 38 min."
            ),
        ),
        (
            story(
                span("held", 0, 100, "Ada"),
                escalations=[Escalation(at=START + 30 * MINUTE, who="Ada", to="Care")],
            ),
            "Ada had it for 1 h 40 min. Ada escalated it to Care.",
        ),
    ],
)
def test_why_names_where_most_of_the_time_went(told: Story, said: str) -> None:
    assert why(told, ALWAYS) == said


def test_why_says_when_it_came_in_shortly_before_closing_or_while_closed(
    hours: Callable[[], Calendar],
) -> None:
    calendar = hours()
    late = story(span("waited", 0, 20 * 60), minutes=20 * 60)
    assert why(late, calendar).endswith("It came in 20 min before closing.")
    night = Story(started_at=START + 8 * HOUR, due_at=START, ended_at=START + 30 * HOUR, spans=[])
    assert why(night, calendar).endswith("It came in while the queue was closed.")


@pytest.fixture
def hours(installed: object) -> Callable[[], Calendar]:
    from review.service.levels import levels_of

    def opened() -> Calendar:
        queue = make_queue("orders")
        for weekday in range(7):
            BusinessHours.objects.create(
                queue=queue, weekday=weekday, opens_at="08:00", closes_at="10:20"
            )
        return levels_of(Queue.objects.get(pk=queue.pk)).calendar

    return opened


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["held", "snoozed", "kept", "waited", "earlier", "agent"]),
            st.integers(-10, 110),
            st.integers(-10, 110),
        ),
        max_size=8,
    )
)
def test_the_parts_of_a_story_add_up_to_all_of_it(spans: list[tuple[str, int, int]]) -> None:
    told = story(*(span(*one) for one in spans))
    assert sum(spent(told, ALWAYS).values(), timedelta(0)) == 100 * MINUTE
