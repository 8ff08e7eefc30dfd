"""Megabyte messages: taken whole, read in part, and quick to open."""

import gzip
import time
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agents.results import Check, Citation, Proposal
from review.claims import claim
from review.conversation import LEAST_SHOWN_CHARS, SHOWN_CHARS, SHOWN_TURNS
from review.decisions import LONGEST_REPLY
from review.intake import NewMessage
from review.models import ReviewItem
from review.schemas import LONGEST_BODY
from tests.builders import make_item, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

LARGEST_PAGE = 1_000_000
LARGEST_COMPRESSED = 200_000
SLOWEST_CPU_S = 1.0  # on an idle machine a tenth of it

BODIES = {
    "text": ("Where is my order? It should have been here last week. " * 20_000)[:LONGEST_BODY],
    "newlines": "\n" * (LONGEST_BODY - 1) + "x",
    "word": "W" * LONGEST_BODY,
    "quotes": "".join("> " * (n % 40) + "quoted\n" for n in range(30_000))[:LONGEST_BODY],
    "wrote": ("On 3 May 2026 at 10:00 a@b.example wrote:\n\n" * 25_000)[:LONGEST_BODY],
    "entities": "<\"'&" * (LONGEST_BODY // 4),
    # Repeats beyond what a compressor looks back on.
    "mixed": "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(300_000)),
    "combining": "Z" + "\u0335\u0321\u0489" * 300_000,
    "directions": "\u202e\u2067" * (LONGEST_BODY // 2),
    "tags": "</div></main>" * (LONGEST_BODY // 13),
}


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    client.get("/")  # reads what the first page of a process does, no part of what another takes
    return client


def opened(page: Client, path: str) -> str:
    """Return a page's markup, once it was found small and quick."""
    started = time.process_time()
    response = page.get(path)
    took_cpu_s = time.process_time() - started
    assert response.status_code == 200
    assert len(response.content) < LARGEST_PAGE
    assert len(gzip.compress(response.content)) < LARGEST_COMPRESSED
    assert took_cpu_s < SLOWEST_CPU_S
    return response.content.decode()


@pytest.mark.parametrize("kind", BODIES)
def test_a_megabyte_message_is_folded_and_whole_on_demand(page: Client, kind: str) -> None:
    body = BODIES[kind]
    item = make_item(body=body, subject=body[:1000] if kind == "word" else "Parcel")
    text = opened(page, f"/items/{item.pk}/")
    assert f"Show all {len(body):,} characters" in text
    assert unescape(text).count(body[-SHOWN_CHARS:]) <= 1
    opened(page, "/")
    whole = page.get(f"/items/{item.pk}/messages/1/")
    assert whole.content.decode() == body


def test_the_whole_text_is_nothing_but_text(page: Client) -> None:
    item = make_item(body="<script>alert(1)</script>")
    for path in ("messages/", "messages/1/"):
        response = page.get(f"/items/{item.pk}/{path}")
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response["Content-Security-Policy"]
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert b"<script>alert(1)</script>" in response.content


def test_the_whole_text_is_for_those_who_see_the_item(page: Client) -> None:
    item = make_item(make_result(queue="billing", category="invoice"))
    assert page.get(f"/items/{item.pk}/messages/").status_code == 404
    assert page.get(f"/items/{item.pk}/messages/1/").status_code == 404


def test_a_short_message_is_shown_whole_with_no_more_to_say(page: Client) -> None:
    body = "Hello\n\nOn 3 May 2026 at 10:00 a@b.example wrote:\n> quoted"
    text = page.get(f"/items/{make_item(body=body).pk}/").content.decode()
    assert "Show all" not in text
    assert "quoted" in text


def test_a_conversation_of_many_long_messages_stays_a_page(page: Client) -> None:
    turns = [NewMessage(body=f"{n}: {BODIES['mixed'][:4_000]}") for n in range(150)]
    item = make_item(messages=turns)
    text = opened(page, f"/items/{item.pk}/")
    assert f"{150 - SHOWN_TURNS} earlier messages not shown" in text
    assert text.count("<article") == SHOWN_TURNS
    for n in range(150 - SHOWN_TURNS, 150):
        assert f"{n}: {BODIES['mixed'][: LEAST_SHOWN_CHARS - 10]}" in text
    assert "100. Customer" in page.get(f"/items/{item.pk}/messages/").content.decode()


def test_a_model_that_writes_without_end_breaks_no_page(page: Client, ada: User) -> None:
    flood = "endless " * 3_000
    many = [f"word {n}" for n in range(3_000)]
    result = make_result(
        proposal=Proposal(kind="draft", text=flood),
        no_draft_reason=flood,
        checks=(Check(name="sources", passed=False, detail=flood),),
        citations=(Citation(slug="x", title=flood[:200], excerpt=flood[:160]),),
        fields={"order_numbers": many, "products": many, "language": "en"},
    )
    item = claim(make_item(result), ada)
    opened(page, f"/items/{item.pk}/")
    opened(page, "/")


@pytest.mark.parametrize("kind", BODIES)
def test_the_diff_of_the_longest_reply_is_quick(page: Client, ada: User, kind: str) -> None:
    draft = BODIES["text"][:LONGEST_REPLY]
    item = claim(make_item(make_result(proposal=Proposal(kind="draft", text=draft))), ada)
    started = time.process_time()
    response = page.post(f"/items/{item.pk}/diff/", {"text": BODIES[kind]})
    assert time.process_time() - started < SLOWEST_CPU_S
    assert response.status_code == 200
    assert len(response.content) < LARGEST_PAGE


def test_a_reply_that_is_too_long_is_kept_and_refused(page: Client, ada: User) -> None:
    item = claim(make_item(), ada)
    text = "x" * (LONGEST_REPLY + 1)
    form = {"claim_token": str(item.claim_token), "revision": "1", "digest": item.digest}
    response = page.post(f"/items/{item.pk}/send/", {**form, "text": text})
    assert response.status_code == 422
    assert text in response.content.decode()
    assert ReviewItem.objects.get(pk=item.pk).status == "open"
