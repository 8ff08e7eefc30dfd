"""The demo company is data: these tests keep its files whole and consistent with each other."""

import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from stdnum import iban, luhn

COMPANY = Path(__file__).resolve().parents[2] / "review" / "demo" / "company"
SLOTS = {"customer_name", "order_number", "product"}
SLOT = re.compile(r"\{(\w+)\|([^{}|]+)\}")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CLAIM = re.compile(
    r"\b(?:I|we) have (?:now |already )?(?:refunded|cancelled|changed|sent|booked|checked)",
    re.IGNORECASE,
)
FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
ADDRESS = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
CARD = re.compile(r"\b(?:\d{4}[ -]?){3}\d{4}\b")
ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
TODAY = date(2026, 11, 22)
GREETINGS = ("Hello", "Dear", "Guten Tag", "Bonjour", "Hola", "Hallo")
CLOSING = "\n\nKind regards,\nHalden Coffee Works support"
HARD_KINDS = (
    "angry",
    "several_questions",
    "not_english",
    "injection",
    "personal_data",
    "legal",
    "above_limit",
    "follow_up",
    "returning_customer",
    "out_of_scope",
    "typo",
    "short",
    "long",
)

Row = dict[str, Any]


class Article(NamedTuple):
    """One page of the knowledge base."""

    title: str
    categories: list[str]
    updated: date
    body: str


def _rows(name: str) -> list[Row]:
    text = (COMPANY / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _article(path: Path) -> Article:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    facts = yaml.safe_load(front)
    return Article(
        title=facts["title"],
        categories=facts["category"],
        updated=facts["updated"],
        body=body.strip(),
    )


FIRM: Row = json.loads((COMPANY / "company.json").read_text(encoding="utf-8"))
ARTICLES = {path.stem: _article(path) for path in sorted((COMPANY / "articles").glob("*.md"))}
REPLIES = _rows("past_replies.jsonl")
MACROS = _rows("macros.jsonl")
TICKETS = _rows("tickets.jsonl")
PAST = _rows("history.jsonl")
CUSTOMERS = _rows("customers.jsonl")
ORDERS = _rows("orders.jsonl")
CATEGORIES = {category["slug"]: category for category in FIRM["categories"]}
QUEUES = {queue["slug"]: queue for queue in FIRM["queues"]}


def _turns(ticket: Row) -> str:
    """Return all that the customer and we wrote in the ticket before the reference reply."""
    earlier = [message["body"] for message in ticket.get("messages", [])]
    return "\n".join([ticket["subject"], ticket["body"], *earlier])


def _numbers(ticket: Row, patterns: list[str]) -> list[str]:
    return re.findall("|".join(patterns), _turns(ticket), re.IGNORECASE)


def test_files_hold_as_much_as_the_demo_needs() -> None:
    parts = Counter(ticket["part"] for ticket in TICKETS)
    assert len(ARTICLES) >= 48
    assert len(REPLIES) >= 88
    assert len(TICKETS) >= 230
    assert set(parts) == {"examples", "evaluation", "stream"}
    assert parts["examples"] >= 105
    assert parts["evaluation"] >= 70
    assert parts["stream"] >= 50


def test_identifiers_and_texts_are_unique() -> None:
    for values in (
        [reply["id"] for reply in REPLIES],
        [reply["question"] for reply in REPLIES],
        [reply["reply"] for reply in REPLIES],
        [ticket["external_id"] for ticket in TICKETS],
        [ticket["body"] for ticket in TICKETS],
        [customer["email"] for customer in CUSTOMERS],
        [order["order_number"] for order in ORDERS],
        [category["slug"] for category in FIRM["categories"]],
        [queue["slug"] for queue in FIRM["queues"]],
    ):
        assert [value for value, count in Counter(values).items() if count > 1] == []


def test_company_refers_only_to_what_it_defines() -> None:
    assert all(SLUG.fullmatch(slug) for slug in [*CATEGORIES, *QUEUES, *ARTICLES])
    assert {category["queue"] for category in CATEGORIES.values()} == set(QUEUES)
    assert FIRM["fallback_queue"] in QUEUES
    assert {queue["escalates_to"] for queue in QUEUES.values()} == {"care", None}
    assert all(set(user["queues"]) <= set(QUEUES) for user in FIRM["demo_users"])
    names = {user["username"] for user in FIRM["demo_users"]}
    assert names == {"reviewer", "lead", "admin", "manager"}


def test_every_category_says_what_it_is_and_how_to_draft() -> None:
    assert 16 <= len(CATEGORIES) <= 18
    for slug, category in CATEGORIES.items():
        assert len(category["description"].split()) >= 10, slug
        assert len(category["guidance"].split()) >= 10, slug


def test_articles_are_classified_dated_and_short() -> None:
    for slug, article in ARTICLES.items():
        assert article.title, slug
        assert article.categories, slug
        assert set(article.categories) <= set(CATEGORIES), slug
        assert article.updated <= date(2026, 11, 21), slug
        assert 120 <= len(article.body.split()) <= 300, slug


def test_every_category_has_articles_replies_and_tickets_of_each_part() -> None:
    for slug in CATEGORIES:
        parts = Counter(ticket["part"] for ticket in TICKETS if ticket["category"] == slug)
        assert any(slug in article.categories for article in ARTICLES.values()), slug
        assert sum(reply["category"] == slug for reply in REPLIES) >= 4, slug
        assert parts["examples"] >= 5, slug
        assert parts["evaluation"] >= 3, slug
        assert parts["stream"] >= 2, slug


def test_past_replies_are_templates_that_read_well_and_cite() -> None:
    for reply in REPLIES:
        text, key = reply["reply"], reply["id"]
        assert reply["category"] in CATEGORIES, key
        assert reply["question"].strip(), key
        assert reply["articles"], key
        assert set(reply["articles"]) <= set(ARTICLES), key
        assert text.startswith("Hello {customer_name|there},\n\n"), key
        assert text.endswith(CLOSING), key
        assert {match[1] for match in SLOT.finditer(text)} <= SLOTS, key
        assert not re.search(r"[{}|]|  ", SLOT.sub(r"\2", text)), key


def test_figures_of_a_past_reply_stand_in_the_articles_it_cites() -> None:
    for reply in REPLIES:
        sources = " ".join(ARTICLES[slug].body for slug in reply["articles"])
        unsupported = set(FIGURE.findall(reply["reply"])) - set(FIGURE.findall(sources))
        assert unsupported == set(), reply["id"]


def test_macros_are_templates_of_a_queue_that_say_what_the_articles_say() -> None:
    sources = " ".join(article.body for article in ARTICLES.values())
    for macro in MACROS:
        text, key = macro["text"], macro["name"]
        assert macro["queue"] is None or macro["queue"] in QUEUES, key
        assert macro["category"] == "" or CATEGORIES[macro["category"]]["queue"] == macro["queue"]
        assert text.startswith("Hello {customer_name|there},\n\n"), key
        assert text.endswith(CLOSING), key
        assert {match[1] for match in SLOT.finditer(text)} <= SLOTS, key
        assert not re.search(r"[{}|]|  ", SLOT.sub(r"\2", text)), key
        assert set(FIGURE.findall(text)) <= set(FIGURE.findall(sources)), key
        assert not CLAIM.search(text), key
    assert len({macro["name"] for macro in MACROS}) == len(MACROS) >= 12


def test_no_past_reply_claims_a_deed() -> None:
    assert [reply["id"] for reply in REPLIES if CLAIM.search(reply["reply"])] == []


def test_tickets_resolve_to_queue_articles_and_past_reply() -> None:
    replies = {reply["id"]: reply["category"] for reply in REPLIES}
    for ticket in TICKETS:
        key = ticket["external_id"]
        assert ticket["queue"] in QUEUES, key
        assert ticket["source"] == "demo", key
        assert ticket["subject"].strip(), key
        assert ticket["body"].strip(), key
        assert set(ticket["articles"]) <= set(ARTICLES), key
        if ticket["category"] == "oos":
            assert ticket["past_reply"] is None, key
            assert "out_of_scope" in ticket["tags"], key
        else:
            assert replies[ticket["past_reply"]] == ticket["category"], key
            assert ticket["articles"], key


def test_judged_tickets_have_a_reply_ready_to_send() -> None:
    for ticket in TICKETS:
        if ticket["part"] == "examples":
            continue
        reply, key = ticket["reply"], ticket["external_id"]
        assert reply.startswith(GREETINGS), key
        assert reply.count("\n\n") >= 2, key
        assert not re.search(r"[{}|]|  | \n|\n ", reply), key
        assert not CARD.search(reply), key
        assert not ACCOUNT.search(reply), key


def test_tickets_lie_in_the_three_weeks_and_threads_are_in_order() -> None:
    for ticket in TICKETS:
        key, messages = ticket["external_id"], ticket.get("messages", [])
        received = datetime.fromisoformat(ticket["received_at"])
        times = [*(datetime.fromisoformat(message["at"]) for message in messages), received]
        assert datetime(2026, 11, 1, tzinfo=UTC) <= received, key
        assert received < datetime(2026, 11, 22, tzinfo=UTC), key
        assert times == sorted(times), key
        assert {message["from"] for message in messages} <= {"customer", "agent"}, key
        assert bool(messages) == ("follow_up" in ticket["tags"]), key


def test_orders_named_in_a_ticket_exist_and_belong_to_the_customer() -> None:
    orders = {order["order_number"]: order for order in ORDERS}
    for ticket in TICKETS:
        for found in _numbers(ticket, FIRM["order_number_patterns"]):
            order = orders[f"HCW-{found[-6:]}"]
            foreign = order["customer_email"] != ticket["customer"]["email"]
            assert order["placed_at"] <= ticket["received_at"], ticket["external_id"]
            assert foreign == ("foreign_order" in ticket["tags"]), ticket["external_id"]


def test_subscriptions_named_in_a_ticket_belong_to_the_customer() -> None:
    owners = {
        subscription["number"]: customer["email"]
        for customer in CUSTOMERS
        for subscription in customer["subscriptions"]
    }
    for ticket in TICKETS:
        for number in _numbers(ticket, FIRM["reference_patterns"]["subscription"]):
            assert owners[number] == ticket["customer"]["email"], ticket["external_id"]


def test_orders_add_up_and_know_their_customer() -> None:
    customers = {customer["email"]: customer for customer in CUSTOMERS}
    for order in ORDERS:
        key = order["order_number"]
        goods = sum(Decimal(item["unit_price"]) * item["quantity"] for item in order["items"])
        expected = goods - Decimal(order["discount"]) + Decimal(order["shipping"])
        days = (order["placed_at"][:10], order["sent_on"], order["delivered_on"])
        known = [day for day in days if day]
        assert order["items"], key
        assert Decimal(order["total"]) == expected > 0, key
        assert known == sorted(known), key
        assert order["deliver_to"]["country"] == customers[order["customer_email"]]["country"], key


def test_every_hard_kind_of_ticket_is_there() -> None:
    tags = Counter(tag for ticket in TICKETS for tag in ticket["tags"])
    assert [tag for tag in HARD_KINDS if tags[tag] < 3] == []
    outside = [ticket["part"] for ticket in TICKETS if ticket["category"] == "oos"]
    assert outside.count("examples") >= 15


def test_personal_data_passes_the_checksums_that_redaction_relies_on() -> None:
    texts = [_turns(ticket) for ticket in TICKETS if "personal_data" in ticket["tags"]]
    cards = [re.sub(r"[ -]", "", card) for text in texts for card in CARD.findall(text)]
    accounts = [account for text in texts for account in ACCOUNT.findall(text)]
    assert sum(luhn.is_valid(card) for card in cards) >= 3
    assert sum(iban.is_valid(account) for account in accounts) >= 3


def test_all_addresses_are_fictional() -> None:
    for path in COMPANY.rglob("*.*"):
        for domain in ADDRESS.findall(path.read_text(encoding="utf-8")):
            assert domain.endswith(".example"), f"{domain} in {path.name}"


def test_past_tickets_fill_five_weeks_with_a_working_rhythm() -> None:
    days = Counter(ticket["day"] for ticket in PAST)
    weekend = [days[day] for day in days if (TODAY - timedelta(days=day)).weekday() >= 5]
    working = [days[day] for day in days if (TODAY - timedelta(days=day)).weekday() < 5]
    assert set(days) == set(range(1, 36))
    assert len(PAST) >= 300
    assert max(weekend) < min(working)
    assert {ticket["hour"] for ticket in PAST} <= set(range(24))
    assert [ticket["day"] for ticket in PAST] == sorted(days.elements(), reverse=True)


def test_past_tickets_resolve_to_queue_articles_and_past_reply() -> None:
    replies = {reply["id"]: reply["category"] for reply in REPLIES}
    identifiers = [ticket["external_id"] for ticket in [*PAST, *TICKETS]]
    assert len(set(identifiers)) == len(identifiers)
    assert {ticket["category"] for ticket in PAST} == {*CATEGORIES, "oos"}
    for ticket in PAST:
        key = ticket["external_id"]
        assert ticket["source"] == "demo", key
        assert ticket["subject"].strip(), key
        assert ticket["body"].strip(), key
        assert ticket["reply"] is None, key
        assert ticket["customer"]["email"].endswith(".example"), key
        assert set(ticket["articles"]) <= set(ARTICLES), key
        if ticket["category"] == "oos":
            assert ticket["queue"] == FIRM["fallback_queue"], key
            assert ticket["past_reply"] is None, key
            assert "out_of_scope" in ticket["tags"], key
        else:
            assert ticket["queue"] == CATEGORIES[ticket["category"]]["queue"], key
            assert replies.get(ticket["past_reply"], ticket["category"]) == ticket["category"], key
            assert ticket["articles"], key


def test_past_tickets_name_known_orders_only_for_their_owner_and_after_they_were_placed() -> None:
    orders = {order["order_number"]: order for order in ORDERS}
    for ticket in PAST:
        arrived = (TODAY - timedelta(days=ticket["day"])).isoformat()
        for found in _numbers(ticket, FIRM["order_number_patterns"]):
            order = orders.get(f"HCW-{found[-6:]}")
            if order is not None:
                assert order["customer_email"] == ticket["customer"]["email"], ticket["external_id"]
                assert order["placed_at"][:10] <= arrived, ticket["external_id"]


def test_no_ticket_of_the_past_is_nearly_another_ticket() -> None:
    texts = [f"{ticket['subject']}\n{ticket['body']}" for ticket in [*PAST, *TICKETS]]
    vectors = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    likeness = (vectors[: len(PAST)] @ vectors.T).toarray()
    for place, row in enumerate(likeness):
        row[place] = 0
        assert row.max() < 0.75, f"{PAST[place]['external_id']} and {texts[row.argmax()]}"


def test_returning_customers_of_the_past_have_written_before() -> None:
    earlier = Counter[str]()
    returning = [ticket for ticket in PAST if "returning_customer" in ticket["tags"]]
    for ticket in PAST:
        address = ticket["customer"]["email"]
        if "returning_customer" in ticket["tags"]:
            assert earlier[address], ticket["external_id"]
        earlier[address] += 1
    assert len(returning) >= 10


def test_questions_on_the_autumn_offer_fill_the_last_week() -> None:
    vouchers = [ticket["day"] for ticket in PAST if ticket["category"] == "vouchers"]
    last_week = sum(day <= 7 for day in vouchers)
    assert 2.5 <= last_week / ((len(vouchers) - last_week) / 4) <= 4
    offers = [ticket for ticket in PAST if "autumn_offer" in ticket["tags"]]
    assert len(offers) >= 14
    assert {ticket["category"] for ticket in offers} == {"vouchers"}
    assert all(ticket["day"] <= 7 for ticket in offers)
    assert all("autumn-offer-2026" in ticket["articles"] for ticket in offers)


def test_the_past_holds_every_hard_kind_of_ticket() -> None:
    tags = Counter(tag for ticket in PAST for tag in ticket["tags"])
    kinds = set(HARD_KINDS) - {"follow_up", "injection", "legal"}
    assert [kind for kind in sorted(kinds) if tags[kind] < 3] == []
    assert tags["legal"] >= 2
