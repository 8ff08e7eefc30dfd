"""The page of service levels: what it says, refuses and changes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from review.models import AuditEntry, BusinessHours, Holiday, Queue, ReviewItem
from review.service import changing, writing
from review.service.levels import levels_of
from tests.builders import make_item, make_person, make_queue, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FORM = {
    "urgent": "1 h",
    "normal": "8 h",
    "low": "24 h",
    "time_zone": "Europe/Berlin",
    "is_always_open": "",
    **{f"day_{day}": "08:00–12:00, 13:00–20:00" for day in range(5)},
    "day_5": "10-16",
    "day_6": "",
    "holidays": "2026-12-25 Christmas Day\n\n2026-12-26",
}


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def lead(ada: User) -> Client:
    client = Client()
    client.force_login(make_person("lea", "lead"))
    return client


def test_only_who_manages_the_team_sees_and_changes_it(ada: User) -> None:
    client = Client()
    client.force_login(ada)
    for path in ("/service/", "/service/orders/"):
        assert client.get(path).status_code == 403
    assert client.post("/service/orders/", FORM).status_code == 403
    assert client.post("/service/orders/copy/", {"queue": "care"}).status_code == 403


def test_saving_gives_open_items_their_new_time_and_writes_it_down(lead: Client) -> None:
    item = make_item()
    other = make_item(body="Where is my other parcel?")
    ReviewItem.objects.filter(pk=other.pk).update(priority=ReviewItem.Priority.HIGH)
    response = lead.post("/service/orders/", FORM, follow=True)
    text = response.content.decode()
    assert "Saved. 2 open items are due at another time now." in text
    item.refresh_from_db()
    other.refresh_from_db()
    # From 10:00 in Berlin eight hours, an hour of them at lunch, and one hour.
    assert item.due_at == MONDAY + timedelta(hours=9)
    assert other.due_at == MONDAY + timedelta(hours=1)
    entry = AuditEntry.objects.get(action=changing.CHANGED)
    assert (entry.actor_name, entry.detail["items"]) == ("lea", 2)
    assert entry.detail["was"]["hours"] == "always"
    assert entry.detail["now"]["hours"] == "Mon–Fri 08:00–12:00, 13:00–20:00; Sat 10:00–16:00"
    assert (
        "Mon–Fri 08:00–12:00, 13:00–20:00; Sat 10:00–16:00"
        in lead.get("/service/").content.decode()
    )


def test_what_is_saved_is_what_the_form_shows(lead: Client) -> None:
    lead.post("/service/orders/", FORM)
    text = lead.get("/service/orders/").content.decode()
    assert 'value="08:00–12:00, 13:00–20:00"' in text
    assert "2026-12-25 Christmas Day\n2026-12-26" in text
    assert "An urgent message of Saturday 15:50 is due Monday 08:50." in text
    assert "A message of Christmas Day, Friday 25 December 12:00, is due Monday" in text


@pytest.mark.parametrize(
    ("field", "written", "said"),
    [
        ("day_0", "08:00–12:00, 11:00–18:00", "08:00–12:00 and 11:00–18:00 overlap."),
        ("day_0", "08:00–24:00, 09:00–10:00", "08:00–24:00 and 09:00–10:00 overlap."),
        ("day_0", "20:00–08:00", "closes before it opens"),
        ("day_0", "08:00–08:00", "closes before it opens"),
        ("day_0", "08:00–25:00", "25:00 is no time of the day."),
        ("day_0", "08:60–09:00", "8:60 is no time of the day."),
        ("day_0", "all day", "“all day” is not understood."),
        ("time_zone", "Atlantis/Lost", "There is no time zone “Atlantis/Lost”."),
        ("urgent", "soon", "Write a time such as"),
        ("urgent", "0 min", "From 1 min to 720 h"),
        ("urgent", "999999 h", "Write a time such as"),
        ("holidays", "2026-02-30", "Line 1: “2026-02-30” is no date."),
        ("holidays", "2026-12-25\n2026-12-25 again", "Line 2: 2026-12-25 is there twice."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    lead: Client, field: str, written: str, said: str
) -> None:
    response = lead.post("/service/orders/", FORM | {field: written})
    text = response.content.decode()
    assert response.status_code == 422
    assert said in text
    assert written.splitlines()[0] in text
    assert not BusinessHours.objects.exists()


def test_a_queue_that_would_never_open_is_refused(lead: Client) -> None:
    closed = FORM | {f"day_{day}": "" for day in range(7)}
    response = lead.post("/service/orders/", closed)
    assert response.status_code == 422
    assert "This queue would never be open" in response.content.decode()
    always = lead.post("/service/orders/", closed | {"is_always_open": "1"}, follow=True)
    assert always.status_code == 200


def test_always_open_leaves_unread_what_is_written_for_the_days(lead: Client) -> None:
    assert lead.post("/service/orders/", FORM | {"is_always_open": "1", "day_0": "?"}).status_code
    assert not BusinessHours.objects.exists()
    assert Holiday.objects.count() == 2


def test_hours_are_copied_and_targets_stay(lead: Client) -> None:
    lead.post("/service/orders/", FORM | {"urgent": "30 min"})
    with time_machine.travel(MONDAY + timedelta(days=5), tick=False):  # a Saturday, 10:00
        item = make_item(make_result(queue="care"))
    response = lead.post("/service/care/copy/", {"queue": "orders"}, follow=True)
    assert "Saved. 1 open item is due at another time now." in response.content.decode()
    copied, source = (levels_of(Queue.objects.get(slug=slug)) for slug in ("care", "orders"))
    assert (copied.week, copied.holidays, copied.time_zone) == (
        source.week,
        source.holidays,
        "Europe/Berlin",
    )
    assert copied.urgent_min == 60
    item.refresh_from_db()
    assert item.due_at == MONDAY + timedelta(days=7)  # six hours on Saturday, two on Monday


def test_what_a_form_would_mean_is_said_before_it_is_saved(lead: Client) -> None:
    text = lead.post("/service/orders/meaning/", FORM | {"urgent": "2 h"}).content.decode()
    assert "An urgent message of Saturday 15:50 is due Monday 09:50." in text
    wrong = lead.post("/service/orders/meaning/", FORM | {"urgent": "?"})
    assert wrong.status_code == 200
    assert "due" not in wrong.content.decode()
    assert not BusinessHours.objects.exists()


def test_the_page_takes_no_more_queries_for_more_queues(
    lead: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        queue = make_queue(f"queue-{number}")
        BusinessHours.objects.create(queue=queue, weekday=0, opens_at="08:00", closes_at="00:00")
    with django_assert_max_num_queries(12):
        text = lead.get("/service/").content.decode()
    assert text.count("Mon 08:00–24:00") == 12


@pytest.mark.parametrize("text", ["08:00–12:00, 13:00–24:00", "00:00–24:00", ""])
def test_hours_are_written_as_they_are_read(text: str) -> None:
    assert writing.hours(writing.stretches(0, text)) == text


@pytest.mark.parametrize(("text", "minutes"), [("45", 45), ("1h30", 90), ("1 h 30 min", 90)])
def test_targets_are_read_in_the_ways_people_write_them(text: str, minutes: int) -> None:
    assert writing.minutes(text) == minutes
