"""The HTTP API: what clients may rely on."""

import json
import time
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from agents.doors import passed
from agents.errors import ModelError
from agents.halting import Halt
from agents.models import Agent, Run
from agents.own_doors import Asked, Where
from observability.failures import count_failure
from review.models import Ticket
from tests.builders import end_run, make_result, make_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

TICKET = {
    "external_id": "shop-1",
    "subject": "Parcel",
    "body": "Where is my parcel?",
    "customer": {"email": "ada@lovelace.example", "name": "Ada"},
}


class Api:
    """A client of the API with one token."""

    def __init__(self, *scopes: str) -> None:
        self.token, self.row = make_token(*scopes)
        self.client = Client()

    def post(self, path: str, body: Any, key: str | None = None) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | (
            {"Idempotency-Key": key} if key else {}
        )
        data = body if isinstance(body, str) else json.dumps(body)
        return self.client.post(  # type: ignore[return-value]
            f"/api/v1{path}", data, content_type="application/json", headers=headers
        )

    def get(self, path: str) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.client.get(path, headers=headers)  # type: ignore[return-value]


@pytest.fixture
def shop(installed: Agent) -> Api:
    return Api("submit")


def body_of(response: Any) -> Any:
    return json.loads(response.content)


def test_a_ticket_is_accepted_with_ids_and_a_status_url(shop: Api) -> None:
    response = shop.post("/tickets", TICKET)
    assert response.status_code == 202
    accepted = body_of(response)
    assert Run.objects.get(pk=accepted["run_id"]).status == "queued"
    assert response["Location"] == accepted["status_url"]
    state = body_of(shop.get(accepted["status_url"]))
    run = Run.objects.get()
    assert state == {
        "id": accepted["id"],
        "external_id": "shop-1",
        "status": "open",
        "run": {"id": run.pk, "status": "queued", "trace_id": run.trace_id},
        "review": None,
        "sent": None,
    }


@pytest.mark.parametrize("key", [None, "key-1"])
def test_the_same_request_again_gets_the_same_answer(shop: Api, key: str | None) -> None:
    first, second = (shop.post("/tickets", TICKET, key) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert body_of(first) == body_of(second)
    assert Ticket.objects.count() == 1


def test_the_same_key_with_another_body_is_422(shop: Api) -> None:
    shop.post("/tickets", TICKET, "key-1")
    response = shop.post("/tickets", {**TICKET, "external_id": "shop-2"}, "key-1")
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    assert "Idempotency-Key" in body_of(response)["detail"]
    assert Ticket.objects.count() == 1


def test_the_same_external_id_with_another_body_is_422(shop: Api) -> None:
    shop.post("/tickets", TICKET)
    assert shop.post("/tickets", {**TICKET, "body": "Other"}).status_code == 422


def test_a_key_whose_request_failed_can_be_used_again(shop: Api) -> None:
    shop.post("/tickets", TICKET)
    assert shop.post("/tickets", {**TICKET, "body": "Other"}, "key-1").status_code == 422
    assert shop.post("/tickets", {**TICKET, "external_id": "s-2"}, "key-1").status_code == 202


def test_a_message_is_added_once_per_key(shop: Api) -> None:
    ticket_id = body_of(shop.post("/tickets", TICKET))["id"]
    for _ in range(2):
        response = shop.post(f"/tickets/{ticket_id}/messages", {"body": "And?"}, "key-2")
        assert response.status_code == 202
    assert Ticket.objects.get().messages.count() == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"customer": {"email": "nobody"}}, "customer.email"),
        ({"customer": None}, "customer"),
        ({"body": ""}, "body"),
        ({"recieved_at": "2026-01-01T00:00:00Z"}, "recieved_at"),
        ({"received_at": "2026-01-01T00:00:00"}, "received_at"),
        ({"source": "a b"}, "source"),
        ({"external_id": "x" * 201}, "external_id"),
        ({"messages": [{"from": "robot", "body": "Hi"}]}, "messages.0.from"),
        ({"category": "x" * 61}, "category"),
        ({"queue": "x" * 101}, "queue"),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, "received_at"),
        ({"messages": [{"body": "a", "external_id": "1"}] * 2}, "ticket"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(
    shop: Api, change: dict[str, Any], named: str
) -> None:
    response = shop.post("/tickets", {**TICKET, **change})
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    assert body_of(response)["detail"].startswith(named)
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', '{"body": "\\ud800"}'])
def test_what_is_no_ticket_is_refused_with_problem_details(shop: Api, body: str) -> None:
    response = shop.post("/tickets", body)
    assert response.status_code in {400, 422}
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["nul \x00 inside", "lone \ud800 half", "🧑🏽‍🚀", "شكرا"])
def test_any_text_is_kept(shop: Api, text: str) -> None:
    assert shop.post("/tickets", {**TICKET, "body": text, "subject": text}).status_code == 202


def test_without_a_token_the_answer_is_401_and_says_what_to_send(installed: Agent) -> None:
    response = Client().post("/api/v1/tickets", TICKET, content_type="application/json")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert "bearer token" in body_of(response)["detail"]


def test_a_token_without_the_scope_gets_403(installed: Agent) -> None:
    assert Api("traces").post("/tickets", TICKET).status_code == 403


def test_a_submitting_token_reads_its_own_tickets_only(shop: Api) -> None:
    url = body_of(shop.post("/tickets", TICKET))["status_url"]
    assert Api("submit").get(url).status_code == 404
    assert Api("read").get(url).status_code == 200


def test_a_submitting_token_adds_to_its_own_tickets_only(shop: Api) -> None:
    ticket_id = body_of(shop.post("/tickets", TICKET))["id"]
    response = Api("submit").post(f"/tickets/{ticket_id}/messages", {"body": "Mine now"})
    assert response.status_code == 404


def test_an_unknown_address_is_a_json_404(db: None) -> None:
    response = Client().get("/api/v1/nothing")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_openapi_documents_problems_under_their_media_type(db: None) -> None:
    schema = Client().get("/api/openapi.json").json()
    responses = schema["paths"]["/api/v1/tickets"]["post"]["responses"]
    assert set(responses["422"]["content"]) == {"application/problem+json"}


def test_metrics_count_runs_and_items_by_status(shop: Api) -> None:
    shop.post("/tickets", TICKET)
    end_run(Run.objects.get(), make_result())
    shop.post("/tickets", {**TICKET, "external_id": "s-2"})
    assert shop.get("/metrics").status_code == 403
    text = Api("read").get("/metrics").content.decode()
    assert 'countersign_runs{status="queued"} 1.0' in text
    assert 'countersign_runs{status="done"} 1.0' in text
    assert 'countersign_review_items{status="open"} 0.0' in text


def test_metrics_count_failures_and_name_the_models_that_are_left_alone(shop: Api) -> None:
    for _ in range(2):
        count_failure("model", "openai/x", "rate_limited", environment="live")
    where = Where(model="openai/x", endpoint="http://127.0.0.1:1/v1")
    for _ in range(5):
        call = Asked(where=where, limit=0, until=time.monotonic() + 5)
        error = ModelError("It failed.")
        error.is_transient = True
        with suppress(ModelError), passed(call, fair_s=0, halt=Halt()):
            raise error
    text = Api("read").get("/metrics").content.decode()
    labels = 'environment="live",error_type="rate_limited",kind="model",name="openai/x"'
    failures = [line for line in text.splitlines() if line.startswith("countersign_failures_total")]
    assert len(failures) == 1
    assert all(label in failures[0] for label in labels.split(","))
    assert failures[0].endswith(" 2.0")
    opened = 'countersign_open_breakers{endpoint="http://127.0.0.1:1/v1",model="openai/x"} 1.0'
    assert opened in text


@pytest.mark.parametrize("moment", ["2026-11-22T10:00:00+23:59", "2026-11-22T10:00:00-18:00"])
def test_a_moment_of_any_offset_is_the_same_moment(shop: Api, moment: str) -> None:
    assert shop.post("/tickets", {**TICKET, "received_at": moment}).status_code == 202
    assert Ticket.objects.get().received_at == datetime.fromisoformat(moment)


@pytest.mark.parametrize("key", ["k" * 256, "schlüssel"])
def test_an_odd_idempotency_key_is_named(shop: Api, key: str) -> None:
    response = shop.post("/tickets", TICKET, key)
    assert response.status_code == 422
    assert "Idempotency-Key" in body_of(response)["detail"]


def test_posting_to_an_unknown_address_is_a_json_404(shop: Api) -> None:
    response = shop.post("/nothing", TICKET)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_a_card_cut_in_two_by_a_made_subject_is_still_removed(shop: Api) -> None:
    body = "x" * 70 + " 4111 1111 1111 1111 is my card, please check it"
    assert shop.post("/tickets", {**TICKET, "subject": "", "body": body}).status_code == 202
    assert "4111" not in Ticket.objects.get().subject


def test_a_huge_body_is_a_problem_not_a_page(shop: Api) -> None:
    response = shop.post("/tickets", {**TICKET, "body": "x" * 9_000_000})
    assert (response.status_code, response["Content-Type"]) == (413, "application/problem+json")


def test_a_body_of_a_million_letters_is_taken(shop: Api) -> None:
    assert shop.post("/tickets", {**TICKET, "body": "é" * 1_000_000}).status_code == 202
