"""The demo company is data: these tests keep its files whole and consistent with each other."""

import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from stdnum import iban, luhn

COMPANY = Path(__file__).resolve().parents[2] / "review" / "demo" / "company"
PARTS = ("examples", "evaluation", "stream")
SLOTS = {"customer_name", "order_number", "product"}
SLOT = re.compile(r"\{(\w+)\|([^{}|]+)\}")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
GREETINGS = ("Hello", "Dear", "Guten Tag", "Bonjour", "Hola", "Hallo")
CARD = re.compile(r"\b(?:\d{4}[ -]?){3}\d{4}\b")
ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
CLOSING = "\n\nKind regards,\nHalden Coffee Works support"
ADDRESS = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
ORDER_TOTAL_LIMIT = Decimal(3000)

Row = dict[str, Any]


class Article(NamedTuple):
    title: str
    categories: list[str]
    updated: date
    body: str


def _rows(name: str) -> list[Row]:
    text = (COMPANY / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _article(path: Path) -> Article:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in front.splitlines() if ": " in line)
    categories = [line.strip(" -") for line in front.splitlines() if line.startswith("  - ")]
    return Article(
        title=fields["title"],
        categories=categories,
        updated=date.fromisoformat(fields["updated"]),
        body=body.strip(),
    )


FIRM: Row = json.loads((COMPANY / "company.json").read_text(encoding="utf-8"))
ARTICLES = {path.stem: _article(path) for path in sorted((COMPANY / "articles").glob("*.md"))}
REPLIES = _rows("past_replies.jsonl")
TICKETS = _rows("tickets.jsonl")
CUSTOMERS = _rows("customers.jsonl")
ORDERS = _rows("orders.jsonl")
CATEGORIES = {category["slug"]: category for category in FIRM["categories"]}
QUEUES = {queue["slug"]: queue for queue in FIRM["queues"]}
ORDER_NUMBER = re.compile("|".join(FIRM["order_number_patterns"]), re.IGNORECASE)


def _turns(ticket: Row) -> str:
    """Return all that the customer and we wrote in the ticket, before the reference reply."""
    earlier = [message["body"] for message in ticket.get("messages", [])]
    return "\n".join([ticket["subject"], ticket["body"], *earlier])


def _order_number(text: str) -> str:
    return f"HCW-{text[-6:]}"


def test_files_hold_as_much_as_the_demo_needs() -> None:
    parts = Counter(ticket["part"] for ticket in TICKETS)
    assert len(ARTICLES) >= 48
    assert len(REPLIES) >= 88
    assert len(TICKETS) >= 230
    assert parts["examples"] >= 105
    assert parts["evaluation"] >= 70
    assert parts["stream"] >= 50
    assert set(parts) == set(PARTS)


def test_identifiers_are_unique() -> None:
    for values in (
        [reply["id"] for reply in REPLIES],
        [ticket["external_id"] for ticket in TICKETS],
        [customer["email"] for customer in CUSTOMERS],
        [order["order_number"] for order in ORDERS],
        [ticket["body"] for ticket in TICKETS],
        [reply["reply"] for reply in REPLIES],
        [category["slug"] for category in FIRM["categories"]],
        [queue["slug"] for queue in FIRM["queues"]],
    ):
        assert [value for value, count in Counter(values).items() if count > 1] == []


def test_company_refers_only_to_what_it_defines() -> None:
    assert all(SLUG.fullmatch(slug) for slug in [*CATEGORIES, *QUEUES, *ARTICLES])
    assert {category["queue"] for category in CATEGORIES.values()} == set(QUEUES)
    targets = {queue["escalates_to"] for queue in QUEUES.values()}
    assert targets == {"care", None}
    for user in FIRM["demo_users"]:
        assert set(user["queues"]) <= set(QUEUES)
    assert {user["username"] for user in FIRM["demo_users"]} == {
        "reviewer",
        "lead",
        "admin",
        "manager",
    }


def test_every_category_says_what_it_is_and_how_to_draft() -> None:
    assert 16 <= len(CATEGORIES) <= 18
    for category in CATEGORIES.values():
        assert len(category["description"].split()) >= 10
        assert len(category["guidance"].split()) >= 10


@pytest.mark.parametrize("slug", sorted(ARTICLES))
def test_article_is_classified_dated_and_short(slug: str) -> None:
    article = ARTICLES[slug]
    assert article.title
    assert article.categories
    assert set(article.categories) <= set(CATEGORIES)
    assert article.updated <= date(2026, 11, 21)
    assert 120 <= len(article.body.split()) <= 300


@pytest.mark.parametrize("slug", sorted(CATEGORIES))
def test_category_has_articles_replies_and_tickets_of_each_part(slug: str) -> None:
    parts = Counter(ticket["part"] for ticket in TICKETS if ticket["category"] == slug)
    assert sum(slug in article.categories for article in ARTICLES.values()) >= 1
    assert sum(reply["category"] == slug for reply in REPLIES) >= 4
    assert parts["examples"] >= 5
    assert parts["evaluation"] >= 3
    assert parts["stream"] >= 2


@pytest.mark.parametrize("reply", REPLIES, ids=[reply["id"] for reply in REPLIES])
def test_past_reply_is_a_template_that_reads_well_and_cites(reply: Row) -> None:
    text = reply["reply"]
    assert reply["category"] in CATEGORIES
    assert reply["question"].strip()
    assert reply["articles"]
    assert set(reply["articles"]) <= set(ARTICLES)
    assert text.startswith("Hello {customer_name|there},\n\n")
    assert text.endswith(CLOSING)
    assert {match[1] for match in SLOT.finditer(text)} <= SLOTS
    assert not re.search(r"[{}|]", SLOT.sub(r"\2", text))


@pytest.mark.parametrize("reply", REPLIES, ids=[reply["id"] for reply in REPLIES])
def test_figures_of_a_past_reply_stand_in_its_articles(reply: Row) -> None:
    sources = " ".join(ARTICLES[slug].body for slug in reply["articles"])
    known = set(re.findall(r"\d+(?:[.,]\d+)*", sources))
    figures = set(re.findall(r"\d+(?:[.,]\d+)*", reply["reply"]))
    assert {figure for figure in figures if figure not in known} == set()


@pytest.mark.parametrize("text", [reply["reply"] for reply in REPLIES])
def test_no_past_reply_claims_a_deed(text: str) -> None:
    claims = r"\b(?:I|we) have (?:now |already )?(?:refunded|cancelled|changed|sent|booked|checked)"
    assert not re.search(claims, text, re.IGNORECASE)


@pytest.mark.parametrize("ticket", TICKETS, ids=[ticket["external_id"] for ticket in TICKETS])
def test_ticket_is_complete(ticket: Row) -> None:
    outside = ticket["category"] == "oos"
    replies = {reply["id"]: reply for reply in REPLIES}
    assert ticket["part"] in PARTS
    assert ticket["queue"] in QUEUES
    assert ticket["source"] == "demo"
    assert ticket["subject"].strip()
    assert ticket["body"].strip()
    assert set(ticket["articles"]) <= set(ARTICLES)
    if outside:
        assert ticket["past_reply"] is None
    else:
        assert replies[ticket["past_reply"]]["category"] == ticket["category"]
        assert ticket["articles"]
    if ticket["part"] != "examples":
        assert ticket["reply"]
    if ticket["reply"]:
        assert not re.search(r"[{}|]", ticket["reply"])
        assert ticket["reply"].startswith(GREETINGS)


@pytest.mark.parametrize("ticket", TICKETS, ids=[ticket["external_id"] for ticket in TICKETS])
def test_ticket_lies_in_the_three_weeks_and_its_thread_is_in_order(ticket: Row) -> None:
    received = datetime.fromisoformat(ticket["received_at"])
    turns = [datetime.fromisoformat(message["at"]) for message in ticket.get("messages", [])]
    assert datetime(2026, 11, 1, tzinfo=UTC) <= received < datetime(2026, 11, 22, tzinfo=UTC)
    assert [*turns, received] == sorted([*turns, received])
    assert {message["from"] for message in ticket.get("messages", [])} <= {"customer", "agent"}
    assert bool(turns) == ("follow_up" in ticket["tags"])


@pytest.mark.parametrize("ticket", TICKETS, ids=[ticket["external_id"] for ticket in TICKETS])
def test_orders_named_in_a_ticket_exist_and_belong_to_the_customer(ticket: Row) -> None:
    orders = {order["order_number"]: order for order in ORDERS}
    for found in ORDER_NUMBER.findall(_turns(ticket)):
        number = _order_number(found)
        if "unknown_order" in ticket["tags"]:
            assert number not in orders
        else:
            assert orders[number]["placed_at"] <= ticket["received_at"]
            owner = orders[number]["customer_email"]
            assert (owner != ticket["customer"]["email"]) == ("foreign_order" in ticket["tags"])


def test_orders_add_up_and_know_their_customer() -> None:
    customers = {customer["email"]: customer for customer in CUSTOMERS}
    for order in ORDERS:
        goods = sum(Decimal(item["unit_price"]) * item["quantity"] for item in order["items"])
        total = Decimal(order["total"])
        assert order["items"]
        assert order["deliver_to"]["country"] == customers[order["customer_email"]]["country"]
        assert goods - Decimal(order["discount"]) + Decimal(order["shipping"]) == total
        assert 0 < total < ORDER_TOTAL_LIMIT
        dates = [order["placed_at"][:10], order["sent_on"], order["delivered_on"]]
        known = [day for day in dates if day]
        assert known == sorted(known)


def test_every_hard_kind_of_ticket_is_there() -> None:
    tags = Counter(tag for ticket in TICKETS for tag in ticket["tags"])
    for tag in (
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
    ):
        assert tags[tag] >= 3, tag
    outside = [ticket for ticket in TICKETS if ticket["category"] == "oos"]
    assert all("out_of_scope" in ticket["tags"] for ticket in outside)
    assert sum(ticket["part"] == "examples" for ticket in outside) >= 15


def test_personal_data_passes_the_checksums_that_redaction_relies_on() -> None:
    texts = [_turns(ticket) for ticket in TICKETS if "personal_data" in ticket["tags"]]
    cards = [re.sub(r"[ -]", "", card) for text in texts for card in CARD.findall(text)]
    accounts = [account for text in texts for account in ACCOUNT.findall(text)]
    assert sum(luhn.is_valid(card) for card in cards) >= 3
    assert sum(iban.is_valid(account) for account in accounts) >= 3


def test_no_reply_repeats_personal_data() -> None:
    for ticket in TICKETS:
        assert not CARD.search(ticket["reply"] or "")


def test_all_addresses_are_fictional() -> None:
    for path in COMPANY.rglob("*.*"):
        for domain in ADDRESS.findall(path.read_text(encoding="utf-8")):
            assert domain.endswith(".example"), f"{domain} in {path.name}"
    for ticket in TICKETS:
        assert ADDRESS.fullmatch(ticket["customer"]["email"])
