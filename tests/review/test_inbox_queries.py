"""The inbox's reading: what is in a page, in which order, and at how many queries."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from review import claims, inbox, inbox_counts
from review.inbox_filters import SORTS, Filters
from review.inbox_order import order_of
from review.models import ReviewItem
from tests.builders import make_item, make_person, make_queue, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

MOST_QUERIES = 15
HOUR = timedelta(hours=1)


def change(item: ReviewItem, **fields: object) -> ReviewItem:
    ReviewItem.objects.filter(pk=item.pk).update(**fields)
    return item


def shown(user: User, **filters: str) -> list[int]:
    return [item.pk for item in inbox.open_items(user, Filters(**filters)).items]


def varied(now: datetime) -> list[ReviewItem]:
    """Nine items that differ in all that they can be sorted by, some of them equal in it."""
    return [
        change(
            make_item(),
            priority=n % 3,
            due_at=now + HOUR * (n * 5 % 4),
            opened_at=now - HOUR * (n * 7 % 4),
            confidence=None if n % 4 == 3 else (n % 3) / 3,
        )
        for n in range(9)
    ]


@pytest.mark.parametrize("sort", ["", *SORTS])
def test_pages_follow_each_other_without_gap_or_repetition(ada: User, sort: str) -> None:
    varied(timezone.now())
    filters = Filters(sort=sort)
    whole = [item.pk for item in inbox.open_items(ada, filters).items]
    paged, after = [], ""
    for _ in range(20):
        page = inbox.open_items(ada, filters, after=after, count=2)
        paged += [item.pk for item in page.items]
        if page.after is None:
            break
        after = page.after
    assert len(whole) == 9
    assert paged == whole
    assert whole == list(
        ReviewItem.objects.order_by(*order_of(filters).fields).values_list("pk", flat=True)
    )


def test_a_page_goes_on_behind_an_item_that_was_decided_meanwhile(ada: User) -> None:
    items = varied(timezone.now())
    first = inbox.open_items(ada, Filters(), count=3)
    change(first.items[-1], status="superseded")
    second = inbox.open_items(ada, Filters(), after=first.after or "")
    assert len(first.items) + len(second.items) == len(items)
    assert not {item.pk for item in first.items} & {item.pk for item in second.items}


@pytest.mark.parametrize(
    "after", ["x", "~", "1~2", "1~2~3~4", "9" * 400 + "~1~1", "1~9999999999999999999~1", "٣~1~1"]
)
def test_a_place_that_makes_no_sense_breaks_nothing(ada: User, after: str) -> None:
    make_item()
    inbox.open_items(ada, Filters(), after=after)
    inbox.open_items(ada, Filters(sort="confidence"), after="nan~1")


def test_whose_items_a_view_holds(ada: User, grace: User) -> None:
    now = timezone.now()
    free, late, held, handed, lapsed = (make_item().pk for _ in range(5))
    escalated = change(make_item(), is_escalated=True).pk
    snoozed = change(make_item(), snoozed_until=now + HOUR).pk
    woken = change(make_item(), snoozed_until=now - HOUR).pk
    claims.claim(ReviewItem.objects.get(pk=held), ada)
    claims.claim(ReviewItem.objects.get(pk=late), grace)
    claims.claim(ReviewItem.objects.get(pk=lapsed), grace)
    ReviewItem.objects.filter(pk=lapsed).update(claim_expires_at=now)
    ReviewItem.objects.filter(pk=handed).update(assigned_to=ada)
    everything = {free, late, held, handed, lapsed, escalated, woken}
    assert set(shown(ada)) == everything
    assert set(shown(ada, whose="mine")) == {held, handed}
    assert shown(ada, whose="assigned") == [handed]
    assert set(shown(ada, whose="unclaimed")) == everything - {late, held}
    assert shown(ada, whose="escalated") == [escalated]
    assert shown(ada, whose="snoozed") == [snoozed]
    counts = inbox_counts.counts(ada)
    assert str(counts.open) == "7"
    told = (counts.mine, counts.assigned, counts.unclaimed, counts.escalated, counts.snoozed)
    assert [count.shown for count in told] == [2, 1, 5, 1, 1]


def test_what_was_handed_to_a_person_is_theirs_whatever_its_queue(ada: User) -> None:
    item = make_item(make_result(queue="billing"))
    assert shown(ada) == []
    change(item, assigned_to=ada)
    assert shown(ada) == shown(ada, queue="billing") == [item.pk]
    assert shown(ada, queue="orders") == []


@pytest.mark.parametrize(
    ("filters", "fields"),
    [
        ({"category": "invoice"}, {"category": "invoice"}),
        ({"kind": "tool_call"}, {"kind": "tool_call"}),
        ({"reason": "no_draft"}, {"reason_codes": ["urgent", "no_draft"]}),
        ({"confidence": "sure"}, {"confidence": 0.9}),
        ({"confidence": "fair"}, {"confidence": 0.7}),
        ({"confidence": "unsure"}, {"confidence": 0.69}),
        ({"confidence": "none"}, {"confidence": None}),
        ({"age": "4h"}, {"opened_at": timezone.now() - HOUR * 4}),
        ({"status": "superseded"}, {"status": "superseded"}),
        ({"status": "decided"}, {"status": "decided", "decided_at": timezone.now()}),
    ],
)
def test_a_filter_leaves_what_it_names(
    ada: User, filters: dict[str, str], fields: dict[str, object]
) -> None:
    other = {"confidence": 0.8} if filters.get("confidence") != "fair" else {"confidence": 0.95}
    change(make_item(), **other)
    wanted = change(make_item(), **fields)
    assert shown(ada, **filters) == [wanted.pk]


def test_a_queues_count_goes_no_further_than_it_must(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_item()
    monkeypatch.setattr(inbox_counts, "MOST_COUNTED", 2)
    assert [str(entry.open) for entry in inbox_counts.counts(ada).queues] == ["2+"]
    assert str(inbox_counts.Count(shown=1000, is_more=True)) == "1,000+"


def queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        work()
    return len(captured)


def test_no_path_of_a_shift_needs_more_than_fifteen_queries(installed: object) -> None:
    queues = [make_queue(slug) for slug in ("orders", "billing", "care")]
    person = make_person("ida", "reviewer", *queues)
    for number in range(12):
        make_item(make_result(queue=queues[number % 3].slug))
    client = Client()
    client.force_login(person)
    client.get("/")
    taken: dict[str, str] = {}

    def take() -> None:
        answer = client.post("/next/", headers={"accept": "application/json"})
        taken.update({name: str(value) for name, value in answer.json().items()})

    def send() -> None:
        seen = {name: taken[name] for name in ("claim_token", "revision", "digest")}
        answer = client.post(f"{taken['url']}send/", seen | {"text": "We look into it."})
        assert answer.status_code in {200, 302}

    spent = {
        "inbox": queries(lambda: client.get("/")),
        "filtered": queries(lambda: client.get("/?category=delivery&sort=due&whose=unclaimed")),
        "search": queries(lambda: client.get("/?text=parcel")),
        "next": queries(take),
        "verdict": queries(send),
    }
    assert max(spent.values()) <= MOST_QUERIES, spent
