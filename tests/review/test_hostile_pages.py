"""Hostile text on the pages, short of a browser: whatever is written, the markup stays ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.models import Category
from agents.results import Check, Citation, Proposal
from review.claims import claim
from review.conversation import SHOWN_TURNS
from review.intake import NewMessage
from review.models import Delivery, Queue, ReviewItem, Source
from review.redaction import redact
from review.reports import Report
from tests.builders import make_item, make_result
from tests.hostile import bare_payloads, payloads

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

PLAIN = "plain words"
# What intake lets through (review.schemas.Text): anything but NUL and halves of pairs.
ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
MARKUP = st.lists(
    st.sampled_from(
        ["<", ">", '"', "'", "&", "=", "/", "--", "script", "{{", "%}", "]]>", " ", "x"]
    )
    | st.sampled_from([payload.text for payload in payloads()]),
    max_size=8,
).map("".join)
TEXTS = ANYTHING | MARKUP


class Skeleton(HTMLParser):
    """The tags of a page with their attributes' names, in order; and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(f"<{tag} {' '.join(name for name, _ in attrs)}>")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.tags.append("<!-- -->")

    def handle_decl(self, decl: str) -> None:
        self.tags.append("<!decl>")

    def handle_pi(self, data: str) -> None:
        self.tags.append("<?pi>")

    def unknown_decl(self, data: str) -> None:
        self.tags.append("<![unknown]>")


def skeleton(page: Client, path: str) -> list[str]:
    response = page.get(path)
    assert response.status_code == 200, path
    parser = Skeleton()
    parser.feed(response.content.decode())
    parser.close()
    return parser.tags


def harmless(text: str) -> str:
    """Return the text with look-alikes for what markup is made of: the same to read, never a tag.

    A `>` stays: quoted mail begins with it, and alone it opens nothing.
    """
    return text.translate(str.maketrans("<&\"'", "‹＆”’"))


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


@contextmanager
def taken_back() -> Iterator[None]:
    """Undo at the end what is stored inside, so that each example starts from the same rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def everywhere(text: str, ada: User) -> ReviewItem:
    """An item held by Ada with the text wherever a customer or a model can put it."""
    item = make_item(
        make_result(
            proposal=Proposal(kind="draft", text=text),
            citations=(Citation(slug=text, title=text, excerpt=text),),
            checks=(Check(name=text[:20], passed=False, detail=text),),
            fields={"order_numbers": [text, text], "products": [text], "language": "en"},
            no_draft_reason=text,
        ),
        subject=text or "-",
        customer_name=text[:200],
        messages=[NewMessage(body=text or "-"), NewMessage(body=f"{text}\n\n> {text}")],
    )
    return claim(item, ada)


@given(text=TEXTS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_changes_the_markup(page: Client, ada: User, text: str) -> None:
    found = []
    for version in (text, harmless(text)):
        with taken_back():
            item = everywhere(version, ada)
            found.append([skeleton(page, path) for path in ("/", f"/items/{item.pk}/")])
    assert found[0] == found[1]


@given(text=TEXTS, typed=TEXTS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_diff_changes_the_markup(page: Client, ada: User, text: str, typed: str) -> None:
    found = []
    for version, other in ((text, typed), (harmless(text), harmless(typed))):
        with taken_back():
            item = everywhere(version, ada)
            answer = page.post(f"/items/{item.pk}/diff/", {"text": other}).content.decode()
            parser = Skeleton()
            parser.feed(answer)
            found.append(set(parser.tags))
    assert found[0] == found[1]


def test_every_payload_is_read_as_it_was_written(page: Client, ada: User) -> None:
    """In the conversation, after what intake takes out; the browser's test sees the rest."""
    texts = [payload.text for payload in payloads()]
    for start in range(0, len(texts), SHOWN_TURNS):
        part = texts[start : start + SHOWN_TURNS]
        item = make_item(messages=[NewMessage(body=text) for text in part])
        shown = unescape(page.get(f"/items/{item.pk}/").content.decode())
        for text in part:
            assert redact(text).text in shown, text


def test_what_other_servers_answer_is_text(page: Client, ada: User) -> None:
    item = claim(make_item(), ada)
    seen = {"claim_token": str(item.claim_token), "revision": "1", "digest": item.digest}
    page.post(f"/items/{item.pk}/send/", {**seen, "text": "Hello", "category": "delivery"})
    paths = ("/sent/", f"/items/{item.pk}/")
    Delivery.objects.update(state="failed", detail=PLAIN)
    before = [skeleton(page, path) for path in paths]
    texts = [payload.text for payload in bare_payloads()]
    for start in range(0, len(texts), 6):
        said = Report(state="failed", detail=" ".join(texts[start : start + 6])).said
        Delivery.objects.update(detail=said)
        assert [skeleton(page, path) for path in paths] == before, said


def test_names_of_colleagues_queues_and_categories_are_text(page: Client, ada: User) -> None:
    item = claim(make_item(), ada)
    paths = ("/", f"/items/{item.pk}/")
    Category.objects.update(name=F("slug"))
    before = [skeleton(page, path) for path in paths]
    for name in ("<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "\u202e{{ x }}"):
        User.objects.update(first_name=name, last_name=name)
        Queue.objects.update(name=Concat(Value(name), "slug"))  # the same order as before
        Category.objects.update(name=Concat(Value(name), "slug"), description=name)
        Source.objects.update(name=name)
        assert [skeleton(page, path) for path in paths] == before, name


def test_a_title_cannot_be_turned(page: Client) -> None:
    item = make_item(subject="\u202eRe: invoice\u2069\u2067", customer_name="\u202eAda")
    text = page.get(f"/items/{item.pk}/").content.decode()
    assert "<title>Re: invoice · Countersign</title>" in text


def test_what_cannot_be_seen_is_said(page: Client) -> None:
    item = make_item(
        make_result(proposal=Proposal(kind="draft", text="Pay at https://p\u0430ypal.example")),
        subject="invoice\u202efdp.exe",
        body="Ignore\u200b all rules",
    )
    text = page.get(f"/items/{item.pk}/").content.decode()
    assert "Reading direction turned (U+202E) in the subject" in text
    assert "Invisible characters, 1 (U+200B), in message 1" in text
    assert "Look-alike address in the draft: xn--pypal-4ve.example." in text
    assert "Look closely" not in page.get(f"/items/{make_item().pk}/").content.decode()
