"""Search: what a person remembers of a ticket finds it, and nothing they type breaks it."""

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from review import claims, decisions, inbox, search
from review.decisions import Seen
from review.inbox_filters import Filters
from review.intake import NewMessage, add_message
from review.models import Delivery, TicketWords
from review.outcomes import deliver
from review.search import Search, words_of
from tests.builders import make_item, make_result

pytestmark = pytest.mark.django_db


def found(user: User, text: str, **filters: str) -> set[int]:
    page = inbox.open_items(user, Filters(text=text, **filters))
    return {item.pk for item in page.items}


@pytest.mark.parametrize(
    "text",
    [
        "lid",
        "LID",
        "the lid cracked",
        "cracked lid",
        "crack",
        "HCW-104233",
        "hcw 104233",
        "10423",
        "order",
        "Ada",
        "lovelace",
        "ada@lovelace.example",
        "zendesk-77",
        "müllerstraße",
        "Mullerstrasse",
        "漢字",
    ],
)
def test_what_one_remembers_finds_the_ticket(ada: User, text: str) -> None:
    item = make_item(
        external_id="zendesk-77",
        subject="My order HCW-104233",
        messages=[NewMessage(body="The lid has cracked. Send it to Müllerstraße 4, 漢字.")],
    )
    make_item(customer_email="grace@hopper.example", customer_name="Grace Hopper")
    assert found(ada, text) == {item.pk}


@pytest.mark.parametrize(
    "text", ["lid broken", "racked", "hopper", "'", "\\", "& | ! ( ) : * <->", "', ''", "%s %(a)s"]
)
def test_what_is_not_there_finds_nothing(ada: User, text: str) -> None:
    make_item(messages=[NewMessage(body="The lid has cracked.")])
    assert found(ada, text) == set()


@given(text=st.text(max_size=200))
def test_no_text_breaks_the_search(text: str) -> None:
    list(Search.of(text).tickets())
    words = words_of([text])
    assert all(0 < len(word) <= search.LONGEST_WORD for word in words)


def test_a_text_is_found_by_the_words_it_has(ada: User) -> None:
    item = make_item(messages=[NewMessage(body="Ωmega-3 drops, “quoted”, x_y, ﬁne, 50€")])
    for word in words_of(["Ωmega-3 drops, “quoted”, x_y, ﬁne, 50€"]):
        assert found(ada, word) == {item.pk}, word


def test_later_messages_and_sent_replies_are_found_too(ada: User) -> None:
    item = make_item()
    claimed = claims.claim(item, ada)
    assert claimed.claim_token is not None
    seen = Seen(claim_token=claimed.claim_token, revision=item.revision, digest=item.digest)
    decisions.send(item.pk, ada, seen, text="We have posted a marmalade jar.")
    Delivery.objects.update(due_at="2020-01-01T00:00Z")
    deliver(Delivery.objects.get().pk)
    add_message(item.ticket_id, NewMessage(body="It was quince, thank you."))
    assert found(ada, "marmalade", status="decided") == {item.pk}
    assert found(ada, "quince marmalade parcel", status="decided") == {item.pk}


def test_a_search_keeps_to_the_filters_and_to_ones_queues(ada: User) -> None:
    mine = make_item(make_result(category="delivery"))
    make_item(make_result(queue="billing", category="invoice"))
    assert found(ada, "parcel") == {mine.pk}
    assert found(ada, "parcel", category="invoice") == set()


def test_a_word_that_most_tickets_have_is_found_in_the_asked_order(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [make_item() for _ in range(4)]
    monkeypatch.setattr(search, "FEW", 2)
    page = inbox.open_items(ada, Filters(text="parcel", sort="newest"), count=3)
    assert [item.pk for item in page.items] == [item.pk for item in reversed(items)][:3]
    rest = inbox.open_items(
        ada, Filters(text="parcel", sort="newest"), count=3, after=page.after or ""
    )
    assert [item.pk for item in rest.items] == [items[0].pk]


def test_a_megabyte_of_words_is_no_more_than_the_index_takes(ada: User) -> None:
    item = make_item()
    for start in range(0, 40_000, 10_000):  # words that are as long and as wide as words can be
        wide = "".join(chr(0x20000 + n // 100) * 32 + f"{n} " for n in range(start, start + 3000))
        search.index_texts(item.ticket_id, [wide, " ".join(f"word{n}" for n in range(200_000))])
    assert found(ada, "word17 parcel") == {item.pk}
    assert TicketWords.objects.count() == 1
