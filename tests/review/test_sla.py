"""Working time and what is said of it: counted minute by minute here, in one go by the code."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from review import sla
from review.models import BusinessHours, Holiday, Queue, ReviewItem
from review.service import words
from review.service.calendar import HORIZON, WHOLE_WEEK, Calendar, Stretch
from review.service.levels import Levels
from review.templatetags import sla as tags
from tests.builders import make_queue

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
# Clocks of these are set at 02:00, at midnight, by half an hour, and at no time at all.
CHANGES = {
    "Europe/Berlin": (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)),
    "America/Havana": (datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
    "Africa/Cairo": (datetime(2026, 4, 23, tzinfo=UTC), datetime(2026, 10, 29, tzinfo=UTC)),
    "America/Asuncion": (datetime(2023, 10, 1, tzinfo=UTC), datetime(2024, 3, 24, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 4, 4, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)),
    "Asia/Kolkata": (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)),
}


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar with several stretches on a day, and a moment near a change of its clocks."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    change = draw(st.sampled_from(CHANGES[zone]))
    week = []
    for weekday in range(7):
        cuts = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
        week += [
            Stretch(weekday=weekday, opens_at=quarter(opens), closes_at=quarter(closes))
            for opens, closes in zip(cuts[::2], cuts[1::2], strict=False)
        ]
    holidays = draw(st.sets(st.sampled_from([(change + n * DAY).date() for n in (-1, 0, 1)])))
    start = change + draw(st.integers(-36 * 60, 36 * 60)) * MINUTE
    calendar = Calendar(zone=ZoneInfo(zone), week=tuple(week), holidays=frozenset(holidays))
    return calendar, start


def quarter(number: int) -> time:
    return time(number // 4 % 24, number % 4 * 15)


def open_minutes(calendar: Calendar, start: datetime, minutes: int) -> list[bool]:
    """Whether each minute is open, by looking at the zone's clock as it goes.

    A clock that is set back shows nothing new until it has caught up.
    """
    shown = datetime.min  # noqa: DTZ901 - what a clock on the wall shows has no zone
    found = []
    for n in range(-180, minutes):
        local = (start + n * MINUTE).astimezone(calendar.zone).replace(tzinfo=None)
        shown = max(shown, local)
        if n >= 0:
            found.append(is_open(calendar, shown))
    return found


def is_open(calendar: Calendar, shown: datetime) -> bool:
    return shown.date() not in calendar.holidays and any(
        stretch.opens_at <= shown.time()
        and (shown.time() < stretch.closes_at or stretch.closes_at == time())
        for stretch in calendar.week
        if stretch.weekday == shown.weekday()
    )


@given(calendars(), st.integers(1, 3 * 24 * 60))
def test_working_time_between_two_moments_is_the_open_minutes(
    drawn: tuple[Calendar, datetime], minutes: int
) -> None:
    calendar, start = drawn
    opened = sum(open_minutes(calendar, start, minutes))
    assert calendar.between(start, start + minutes * MINUTE) == opened * MINUTE


@given(calendars(), st.integers(0, 20 * 60))
def test_it_is_due_when_the_last_of_the_working_minutes_is_over(
    drawn: tuple[Calendar, datetime], work: int
) -> None:
    calendar, start = drawn
    due = calendar.after(start, work * MINUTE)
    if due < start + HORIZON:
        assert calendar.between(start, due) == work * MINUTE
        assert not work or calendar.between(start, due - MINUTE) < work * MINUTE


@given(calendars(), st.integers(0, 600), st.integers(0, 600))
def test_more_work_is_never_due_sooner(
    drawn: tuple[Calendar, datetime], work: int, more: int
) -> None:
    calendar, start = drawn
    due = calendar.after(start, work * MINUTE)
    assert calendar.after(start, (work + more) * MINUTE) >= due
    assert start <= due <= start + HORIZON


def test_a_calendar_that_is_never_open_ends_at_the_horizon() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    assert Calendar(zone=BERLIN, week=()).after(start, MINUTE) == start + HORIZON


def test_always_open_counts_round_the_clock_through_a_change_of_clocks() -> None:
    start = datetime(2026, 10, 24, 20, tzinfo=UTC)
    always = Calendar(zone=BERLIN)
    assert always.after(start, timedelta(hours=8)) == start + timedelta(hours=8)
    closed_once = Calendar(zone=BERLIN, holidays=frozenset({date(2026, 10, 25)}))
    # The holiday has 25 hours.
    assert closed_once.after(start, timedelta(hours=8)) == start + timedelta(hours=33)


HOURS = [(day, "08:00", "20:00") for day in range(5)] + [(5, "10:00", "16:00")]


def open_in(queue: Queue, hours: list[tuple[int, str, str]] = HOURS) -> None:
    queue.time_zone = "Europe/Berlin"
    queue.save()
    for weekday, opens_at, closes_at in hours:
        BusinessHours.objects.create(
            queue=queue, weekday=weekday, opens_at=opens_at, closes_at=closes_at
        )


@pytest.mark.parametrize(
    ("priority", "came_in", "due"),
    [
        (ReviewItem.Priority.HIGH, "2026-11-21T15:50", "2026-11-23T08:50"),  # Saturday evening
        (ReviewItem.Priority.HIGH, "2026-11-22T12:00", "2026-11-23T09:00"),  # a Sunday
        (ReviewItem.Priority.NORMAL, "2026-11-23T09:00", "2026-11-23T17:00"),
        (ReviewItem.Priority.LOW, "2026-11-23T09:00", "2026-11-25T09:00"),
        (ReviewItem.Priority.HIGH, "2026-12-24T19:30", "2026-12-28T08:30"),  # before two holidays
    ],
)
@pytest.mark.django_db
def test_a_reply_is_due_within_the_queues_hours(
    priority: ReviewItem.Priority,
    came_in: str,
    due: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    queue = make_queue("orders")
    open_in(queue)
    for day in ("2026-12-25", "2026-12-26"):
        Holiday.objects.create(queue=queue, day=day)
    queue = Queue.objects.get(pk=queue.pk)
    started_at = datetime.fromisoformat(came_in).replace(tzinfo=BERLIN)
    with django_assert_num_queries(2):
        found = sla.due_at(queue, priority, started_at)
    assert found == datetime.fromisoformat(due).replace(tzinfo=BERLIN)


@pytest.mark.parametrize("name", ["", "Europe", "Atlantis/Lost", "../../etc/passwd"])
def test_a_zone_nobody_knows_counts_as_utc(name: str) -> None:
    levels = Levels(urgent_min=1, normal_min=1, low_min=1, time_zone=name, week=(), holidays=())
    assert levels.calendar == Calendar(zone=ZoneInfo("UTC"))


NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "said", "state"),
    [
        (timedelta(seconds=20), "due now", "soon"),
        (timedelta(seconds=-20), "due now", "late"),
        (timedelta(minutes=38, seconds=50), "in 38 min", "soon"),
        (timedelta(minutes=97), "in 1 h", ""),
        (timedelta(hours=23, minutes=59), "in 23 h", ""),
        (timedelta(days=1), "Tue 10:00", ""),
        (timedelta(days=8), "1 Dec 10:00", ""),
        (timedelta(minutes=-4), "4 min over", "late"),
        (timedelta(hours=-47), "47 h over", "late"),
        (timedelta(days=-3), "3 days over", "late"),
    ],
)
def test_time_left_in_words_and_state(left: timedelta, said: str, state: str) -> None:
    assert words.left(NOW + left, NOW) == said
    assert words.state(NOW + left, NOW, timedelta(hours=8)) == state


def test_time_left_is_real_time_where_clocks_are_set_back() -> None:
    before = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)
    after = datetime(2026, 10, 25, 3, 30, tzinfo=BERLIN)
    assert words.left(after, before) == "in 3 h"


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=20), "under a minute"),
        (timedelta(minutes=38), "38 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(hours=3, minutes=10), "3 h 10 min"),
        (timedelta(hours=26, minutes=4), "26 h"),
    ],
)
def test_working_time_is_said_in_hours(span: timedelta, said: str) -> None:
    assert words.worked(span) == said


def test_an_item_says_its_time_left_until_it_ends() -> None:
    item = ReviewItem(due_at=NOW, queue=Queue(), status=ReviewItem.Status.OPEN)
    assert tags.reply_due(item, NOW - 38 * MINUTE) == "reply due in 38 min"
    assert tags.reply_due(item, NOW + 4 * MINUTE) == "reply 4 min over"
    assert tags.time_state(item, NOW + 4 * MINUTE) == "late"
    assert tags.due_exactly(item) == "Due Monday 23 November 2026, 10:00 UTC"
    item.snoozed_until = NOW + timedelta(hours=4)
    assert tags.reply_due(item, NOW + 4 * MINUTE) == "snoozed until 14:00"
    assert tags.time_state(item, NOW + 4 * MINUTE) == ""
    item.status = ReviewItem.Status.DECIDED
    assert tags.time_left(item, NOW) == tags.time_state(item, NOW) == ""


def test_the_whole_week_is_seven_whole_days() -> None:
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    always = Calendar(zone=ZoneInfo("UTC"), week=WHOLE_WEEK, holidays=frozenset({date(2020, 1, 1)}))
    assert always.between(monday, monday + timedelta(days=7)) == timedelta(days=7)
