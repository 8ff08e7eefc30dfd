"""One's day, the team's board, sharing out work, and what came late and why."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from review.claims import claim
from review.decisions import Seen, reject, send
from review.handing import escalate, snooze
from review.models import AuditEntry, BusinessHours, Notification, Queue, ReviewItem
from review.service.calendar import Calendar
from review.team.dealing import deal
from review.team.why import Escalation, Span, Story, spent, why
from review.undoing import undo
from tests.builders import DRAFT, make_item, make_person, make_queue, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

# A Monday, 10:00.
START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HEAVY = "Hi Ada,\n\nYour letter leaves today and may arrive on Saturday.\n\nKind regards,\nSupport"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def lea(installed: object) -> User:
    return make_person("lea", "lead")


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def seen(item: ReviewItem) -> Seen:
    assert item.claim_token is not None
    return Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


def at(path: str, user: User) -> str:
    response = logged_in(user).get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


# My day


def test_my_day_says_what_is_done_and_how(ada: User, clock: time_machine.Traveller) -> None:
    for text in (DRAFT, DRAFT.replace("Friday", "Saturday"), HEAVY):
        item = claim(make_item(), ada)
        clock.shift(2 * MINUTE)
        send(item.pk, ada, seen(item), text=text)
    rejected = claim(make_item(subject="Cheap watches"), ada)
    clock.shift(4 * MINUTE)
    reject(rejected.pk, ada, seen(rejected))
    clock.shift(9 * HOUR)
    text = at("/day/", ada)
    assert "4 done today" in text
    assert "<dt>Edited</dt><dd>2 of 3</dd>" in text
    assert "under 3 edits: 2 of 3" in text
    assert "<dd>2 min</dd>" in text
    assert "<dt>In time</dt><dd>3 of 3</dd>" in text
    assert "Cheap watches" in text
    assert "Sent with 1 edit" in text


def test_what_was_undone_or_done_by_others_is_not_in_my_day(
    ada: User, grace: User, clock: time_machine.Traveller
) -> None:
    item = claim(make_item(), ada)
    verdict = send(item.pk, ada, seen(item), text=DRAFT)
    assert verdict is not None
    undo(verdict.pk, ada)
    other = claim(make_item(), grace)
    send(other.pk, grace, seen(other), text=DRAFT)
    text = at("/day/", ada)
    assert "Nothing done yet today" in text
    assert "Taken back" in text
    assert "One open item is yours." in text


def test_my_day_is_compared_with_my_days_of_two_weeks(
    ada: User, clock: time_machine.Traveller
) -> None:
    for days in (20, 3, 3, 2):
        clock.move_to(START - timedelta(days=days))
        item = claim(make_item(), ada)
        clock.shift(3 * MINUTE)
        send(item.pk, ada, seen(item), text=DRAFT)
    clock.move_to(START)
    text = at("/day/", ada)
    assert "On your 2 days of the last two weeks: 2 done a day, 3 min an item" in text
    assert "0 of 3 of the drafts edited" in text


def test_a_late_reply_is_said_to_be_late(ada: User, clock: time_machine.Traveller) -> None:
    item = claim(make_item(), ada)
    clock.shift(8 * HOUR + MINUTE)
    item = claim(item, ada)
    send(item.pk, ada, seen(item), text=DRAFT)
    text = at("/day/", ada)
    assert "<dt>In time</dt><dd>0 of 1</dd>" in text
    assert ">late</span>" in text


def test_my_day_is_for_those_who_decide(lea: User) -> None:
    assert logged_in(make_person("mo", "manager")).get("/day/").status_code == 403


# The board


def test_the_board_is_for_those_who_see_every_queue_and_a_manager_moves_nothing(
    ada: User, lea: User
) -> None:
    for path in ("/team/", "/team/share/", "/team/late/"):
        assert logged_in(ada).get(path).status_code == 403
    manager = logged_in(make_person("mo", "manager"))
    assert [manager.get(path).status_code for path in ("/team/", "/team/late/")] == [200, 200]
    assert manager.get("/team/share/").status_code == 403
    make_item()
    assert "Share out work" in at("/team/", lea)
    assert "Share out work" not in manager.get("/team/").content.decode()


def cells(text: str, name: str) -> dict[str, str]:
    """The figures of a table's row by their labels."""
    import re

    row = text[text.index(f"<b>{name}") :]
    row = row[: row.index("</tr>")]
    found = re.findall(r'data-label="([^"]*)">(.*?)</td>', row)
    return {label: re.sub("<[^>]*>", "", cell).strip() for label, cell in found}


def test_the_board_counts_what_waits_in_each_queue(
    lea: User, ada: User, clock: time_machine.Traveller
) -> None:
    make_item()
    clock.shift(HOUR)
    make_item()
    held = claim(make_item(subject="Held by Ada"), ada)
    make_item(make_result(queue="billing", category="invoice"))
    clock.move_to(START + 8 * HOUR + MINUTE)
    ReviewItem.objects.filter(pk=held.pk).update(claim_expires_at=START + 12 * HOUR)
    text = at("/team/", lea)
    orders = cells(text, "Orders")
    assert (orders["Open"], orders["Unclaimed"], orders["Over time"]) == ("3", "2", "1")
    assert orders["Due within the hour"] == "2"
    assert orders["Oldest"] == "8 h"
    assert "1 of 4 open items over time" in text
    person = cells(text, "<bdi>ada")
    assert person["Claimed"] == "1"
    assert person["Works on"].startswith("Held by Ada")


def test_the_board_costs_the_same_however_much_is_open(
    lea: User, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = logged_in(lea)
    for number in range(12):
        person = make_person(f"person-{number}", "reviewer", make_queue("orders"))
        claim(make_item(subject=f"Item {number}"), person)
    with django_assert_max_num_queries(15):
        text = client.get("/team/").content.decode()
    assert text.count(">Item ") == 12


# Sharing out


def preview(client: Client, **asked: Any) -> list[str]:
    """The shares that a preview names."""
    import re

    response = client.get("/team/share/", asked)
    assert response.status_code == 200
    return re.findall(r'name="share" value="([^"]*)"', response.content.decode())


def test_the_most_urgent_items_move_to_another_queue(
    lea: User, ada: User, clock: time_machine.Traveller
) -> None:
    billing = make_queue("billing")
    billing.target_normal_min = 30
    billing.save()
    first = make_item(subject="Oldest")
    claimed = claim(make_item(), ada)
    clock.shift(MINUTE)
    second, third = make_item(), make_item(subject="Newest")
    client = logged_in(lea)
    asked = {"source": "queue:orders", "to": "queue:billing", "count": 2}
    shares = preview(client, **asked)
    assert shares == [f"{first.pk}:", f"{second.pk}:"]
    claim(second, ada)  # somebody was faster
    text = client.post("/team/share/", asked | {"share": shares}, follow=True).content.decode()
    assert "1 item moved to Billing; 1 was taken by somebody meanwhile." in text
    moved = ReviewItem.objects.select_related("ticket__queue").get(pk=first.pk)
    assert moved.queue == moved.ticket.queue == billing
    assert moved.due_at == START + 30 * MINUTE
    entry = AuditEntry.objects.get(action="item.moved")
    assert (entry.actor_name, entry.detail) == ("lea", {"to": "billing", "was": "orders"})
    for other in (claimed, second, third):
        other.refresh_from_db()
        assert other.queue.slug == "orders"


def test_people_get_equal_parts_and_are_told_once(
    lea: User, ada: User, grace: User, clock: time_machine.Traveller
) -> None:
    make_person("other", "reviewer", make_queue("billing"))
    items = [make_item() for _ in range(4)]
    client = logged_in(lea)
    asked: dict[str, Any] = {"source": "queue:orders", "to": "people", "count": 4}
    page = client.get("/team/share/", asked).content.decode()
    assert "Choose who gets them" in page
    assert f'value="{ada.pk}"' in page
    assert "other" not in page[page.index("<fieldset") : page.index("</fieldset>")]
    shares = preview(client, **asked, people=[ada.pk, grace.pk])
    assert [share.split(":")[1] for share in shares] == [str(ada.pk), str(grace.pk)] * 2
    client.post("/team/share/", asked | {"people": [ada.pk, grace.pk], "share": shares})
    assert [ReviewItem.objects.filter(assigned_to=who).count() for who in (ada, grace)] == [2, 2]
    assert AuditEntry.objects.filter(action="item.assigned").count() == 4
    told = Notification.objects.get(user=ada)
    assert (told.text, told.item_id) == ("lea handed you 2 items.", items[0].pk)


def test_what_was_kept_for_a_person_goes_back_to_anybody(lea: User, ada: User) -> None:
    item = make_item()
    ReviewItem.objects.filter(pk=item.pk).update(assigned_to=ada)
    client = logged_in(lea)
    asked = {"source": f"person:{ada.pk}", "to": "anybody", "count": 5}
    shares = preview(client, **asked)
    client.post("/team/share/", asked | {"share": shares})
    item.refresh_from_db()
    assert item.assigned_to is None
    assert AuditEntry.objects.filter(action="item.unassigned").count() == 1


def test_nobody_gets_what_they_may_not_see(lea: User, ada: User) -> None:
    item = make_item(make_result(queue="billing", category="invoice"))
    forged = {"source": "queue:billing", "to": "people", "count": 1, "people": [ada.pk]}
    text = logged_in(lea).post("/team/share/", forged | {"share": f"{item.pk}:{ada.pk}"})
    assert text.status_code == 302
    item.refresh_from_db()
    assert item.assigned_to is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"source": "queue:nowhere"}, "Choose where they come from."),
        ({"source": "person:9999999999999"}, "Choose where they come from."),
        ({"to": "queue:nowhere"}, "Choose where they go."),
        ({"to": "queue:orders"}, "They are there already."),
        ({"to": "anybody"}, "They are there already."),
        ({"count": "0"}, "Give a number from 1 on."),
        ({"count": "201"}, "At most 200 at a time."),
        ({"count": "many"}, "Give a number."),
    ],
)
def test_what_cannot_be_shared_out_is_said(lea: User, asked: dict[str, str], said: str) -> None:
    good = {"source": "queue:orders", "to": "queue:billing", "count": "5"}
    response = logged_in(lea).get("/team/share/", good | asked)
    assert response.status_code == 422
    assert said in response.content.decode()


@given(
    st.lists(st.integers(), unique=True, max_size=30),
    st.dictionaries(st.integers(1, 9), st.integers(0, 50), min_size=1),
)
def test_everybody_gets_the_same_number_give_or_take_one(
    items: list[int], load: dict[int, int]
) -> None:
    dealt = deal(items, load)
    assert [item for item, _ in dealt] == items
    counts = {who: sum(person == who for _, person in dealt) for who in load}
    assert max(counts.values()) - min(counts.values()) <= 1
    if items:
        assert load[dealt[0][1]] == min(load.values())


# What came late, and why


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
