"""Hostile requests: broken text, addresses that lead elsewhere, paths that carry markup."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from agents.models import Agent
from review.claims import claim
from review.models import Customer, ReviewItem, Ticket
from tests.builders import make_item, make_token
from tests.hostile import HEADER_BREAKERS, MARKUP

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "https://evil.example/",
    "http:evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt://127.0.0.1/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "\t//evil.example",
    "\x00//evil.example",
    "https://127.0.0.1@evil.example",
    "https://evil.example#@127.0.0.1",
)
UNSEEN_ADDRESSES = (
    '"a\x01"@customer.example',
    '"a\x0bBcc: victim"@customer.example',
    '"a\\\x0b"@customer.example',
    "a@cust\u202eomer.example",
    "a@cust\u200bomer.example",
    "a@customer.example\r\nBcc: victim@evil.example",
    "a@customer\ud800.example",
)


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def submit(body: Any) -> HttpResponse:
    text, _ = make_token("submit")
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return Client().post(
        "/api/v1/tickets",
        content,
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}"},
    )  # type: ignore[return-value]


def ticket(**changes: Any) -> dict[str, Any]:
    customer = {"email": "ada@lovelace.example", "name": "Ada"}
    return {"external_id": "t", "subject": "s", "body": "b", "customer": customer} | changes


def is_problem(response: HttpResponse) -> bool:
    """Whether it is JSON that no browser takes for a page."""
    return (
        response["Content-Type"] == "application/problem+json"
        and response["X-Content-Type-Options"] == "nosniff"
        and bool(json.loads(response.content)["detail"])
    )


@pytest.mark.parametrize("address", UNSEEN_ADDRESSES)
def test_an_address_with_what_cannot_be_seen_is_refused(installed: Agent, address: str) -> None:
    response = submit(ticket(customer={"email": address}))
    assert response.status_code == 422
    assert is_problem(response)
    assert not Customer.objects.exists()


def test_halves_of_characters_and_nul_are_taken_without_them(installed: Agent) -> None:
    broken = ticket(
        external_id="\ud800t\x00",
        subject="\udfffsub\x00ject",
        body="\x00body\ud83d",
        category="\ud800",
        queue="\x00",
        messages=[{"body": "\ud83dx", "external_id": "\x00m"}],
    )
    assert submit(broken).status_code == 202
    assert "sub" in Ticket.objects.get().subject


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"external_id": 1' + "0" * 10_000 + "}",
        '{"external_id": NaN}',
        b"\xff\xfe\x00",
        b"",
        '{"\\ud800": 1}',
        "null",
        json.dumps({"<script>alert(1)</script>" * 5000: 1}),
    ],
)
def test_json_that_cannot_be_read_is_a_problem_and_no_more(
    installed: Agent, body: str | bytes
) -> None:
    response = submit(body)
    assert response.status_code in {400, 422}
    assert is_problem(response)
    assert len(response.content) < 1000


def test_an_address_of_the_api_is_not_echoed(installed: Agent) -> None:
    for path in ("/api/<script>alert(1)</script>", "/api/%0d%0aX-Pwned: yes", "/api/%00"):
        response = Client().get(path)
        assert response.status_code == 404
        assert is_problem(response)  # type: ignore[arg-type]
        assert b"script" not in response.content
        assert "X-Pwned" not in response.headers


@pytest.mark.parametrize("action", ["claim", "diff", "send", "escalate", "reject", "release"])
@pytest.mark.parametrize("text", ["\x00", "Hello\x00 Ada", "x" * 1_000_000, "\u202e\u2028\x1b"])
def test_any_text_that_is_posted_gets_an_answer(
    page: Client, ada: User, action: str, text: str
) -> None:
    item = claim(make_item(), ada)
    seen = {"claim_token": str(item.claim_token), "revision": "1", "digest": item.digest}
    response = page.post(f"/items/{item.pk}/{action}/", {**seen, "text": text, "note": text})
    assert response.status_code in {200, 302, 422}


def test_a_released_text_keeps_all_but_its_nul(page: Client, ada: User) -> None:
    item = claim(make_item(), ada)
    seen = {"claim_token": str(item.claim_token), "revision": "1", "digest": item.digest}
    page.post(f"/items/{item.pk}/release/", {**seen, "text": "Hello\x00 Ada"})
    item = ReviewItem.objects.select_related("working").get(pk=item.pk)
    assert item.working.text == "Hello Ada"


@pytest.mark.parametrize(
    "path",
    [
        "/items/99999999999999999999/",
        "/items/99999999999999999999/messages/1/",
        "/items/1/messages/99999999999999999999/",
        "/runs/99999999999999999999/",
        "/%00",
        "/%0d%0aX-Pwned:%20yes",
        "/<script>alert('pwned')</script>",
        "/sent/<img src=x onerror=alert(1)>",
        "/accounts/<svg onload=alert(1)>/",
    ],
)
def test_an_address_that_is_not_there_says_nothing_of_itself(page: Client, path: str) -> None:
    response = page.get(path)
    assert response.status_code == 404
    assert b"alert(" not in response.content
    assert b"evil.example" not in response.content
    assert "X-Pwned" not in response.headers
    assert "script-src 'self'" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    "query",
    ["queue=%00", "queue=%ED%A0%80", "after=99999999999999999999", "after=%D9%A3", "after=-1"],
)
def test_any_query_of_the_inbox_is_answered(page: Client, query: str) -> None:
    assert page.get(f"/?{query}").status_code == 200


def test_markup_in_the_inbox_address_stays_text(page: Client) -> None:
    for vectors in MARKUP.values():
        text = page.get("/", {"queue": " ".join(vectors), "after": vectors}).content.decode()
        assert not [vector for vector in vectors if "<" in vector and vector in text]


@pytest.fixture
def visitor(installed: Agent, settings: Settings) -> Callable[[str], HttpResponse]:
    """Log in with a `next`, and say what came back."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # for its speed
    User.objects.create_user("zoe", password="a good long one")

    def log_in(target: str) -> HttpResponse:
        form = {"login": "zoe", "password": "a good long one", "next": target}
        return Client().post("/accounts/login/", form)  # type: ignore[return-value]

    return log_in


def test_login_leads_nowhere_else(visitor: Callable[[str], HttpResponse]) -> None:
    for target in ELSEWHERE:
        assert visitor(target)["Location"] == "/", target


def test_a_page_of_ours_leads_nowhere_else(page: Client) -> None:
    for target in ELSEWHERE:
        assert page.get("/accounts/login/", {"next": target})["Location"] == "/", target
    assert page.post("/accounts/logout/", {"next": ELSEWHERE[0]})["Location"] == "/accounts/login/"


def test_login_sets_no_header_it_was_told_to(visitor: Callable[[str], HttpResponse]) -> None:
    for breaker in HEADER_BREAKERS:
        response = visitor(f"/{breaker}")
        assert response.status_code == 302, breaker
        assert not {"Bcc", "X-Pwned", "MAIL FROM"} & set(response.headers), breaker
        assert not set("\r\n") & set(response["Location"]), breaker


@pytest.mark.parametrize("name", ["\x00", '"><script>alert(1)</script>', "\u202e", "x" * 100_000])
def test_a_strange_name_does_not_log_in(installed: Agent, name: str) -> None:
    response = Client().post("/accounts/login/", {"login": name, "password": "x"})
    assert response.status_code == 200
    assert b"<script>alert" not in response.content
