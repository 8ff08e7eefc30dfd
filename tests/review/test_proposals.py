"""What agents elsewhere propose: put before a person, decided, told back."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook

from agents.evals.models import Label
from agents.models import Agent, Run
from review import claims, correcting, decisions, errors, outcomes, proposals, undoing, working
from review.actions import Answer
from review.corrections import NOTHING_CORRECTED
from review.decisions import Seen
from review.intake import NewMessage, add_message
from review.models import ApiToken, Delivery, ReviewItem, Source, Ticket, Verdict, WorkingText
from tests.builders import make_item, make_queue, make_ticket, make_token
from tests.peers import Reply, http_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

REFUND: dict[str, Any] = {
    "kind": "tool_call",
    "name": "refund_order",
    "description": "Pays the amount back to the card.",
    "arguments": {"order": "HC-1", "amount": 12.5},
    "schema": {
        "type": "object",
        "required": ["order", "amount"],
        "properties": {
            "order": {"type": "string"},
            "amount": {"type": "number", "minimum": 0, "maximum": 200},
        },
    },
    "effect": "irreversible",
    "allows": ["approve", "edit", "reject"],
}
CHOICE: dict[str, Any] = {
    "kind": "decision",
    "question": "Which carrier?",
    "schema": {"enum": ["dhl", "ups"]},
    "suggested": "dhl",
    "allows": ["approve", "edit", "reject", "respond"],
}


def proposed(*actions: dict[str, Any], **options: Any) -> ReviewItem:
    ticket = make_ticket().ticket
    Run.objects.update(status="done", result=Run.objects.first().input)  # type: ignore[union-attr]
    ticket.ticket_runs.update(settled_at=timezone.now())
    agent = Agent.objects.get(slug="triage")
    return proposals.submit(ticket.pk, agent, actions or (REFUND,), **options)


def claimed(item: ReviewItem, user: User) -> Seen:
    item = claims.claim(item, user)
    assert item.claim_token is not None
    return Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


def seen_by(user: User, item: ReviewItem) -> Seen:
    item.queue = user.queues.get(slug="orders")
    item.save(update_fields=["queue"])
    return claimed(item, user)


def let_out() -> None:
    Delivery.objects.update(due_at=timezone.now())
    for delivery in Delivery.objects.all():
        outcomes.deliver(delivery.pk)


def test_a_proposal_waits_and_its_verdict_ends_the_run_once_it_cannot_be_undone(ada: User) -> None:
    item = proposed()
    assert (item.kind, item.run.status, item.status) == ("tool_call", "waiting", "open")
    assert [reason["code"] for reason in item.reasons] == ["agent_acts", "irreversible"]
    final = {"order": "HC-1", "amount": 10}
    answers = [Answer(said="go", final=final)]
    (verdict,) = decisions.decide(item.pk, ada, seen_by(ada, item), answers)
    assert (verdict.kind, verdict.edit_operations, verdict.succeeded) == ("edit", 1, None)
    assert Run.objects.get(pk=item.run_id).status == "waiting"
    assert not Label.objects.exists()
    let_out()
    run = Run.objects.select_related("result").get(pk=item.run_id)
    assert run.status == "done"
    assert run.result is not None
    (told,) = (run.result.content or {})["verdicts"]
    assert (told["verdict"], told["final"]) == ("edit", final)
    assert Ticket.objects.get().messages.count() == 1  # an answer to an agent is no reply


def test_an_undone_verdict_never_reaches_the_agent(ada: User) -> None:
    item = proposed(CHOICE)
    answers = [Answer(said="go", final="ups")]
    (verdict,) = decisions.decide(item.pk, ada, seen_by(ada, item), answers)
    item = undoing.undo(verdict.pk, ada)
    let_out()
    assert Run.objects.get(pk=item.run_id).status == "waiting"
    assert item.working.choices == {"answers": ["ups"]}


def test_several_actions_have_a_verdict_each_and_the_reply_leaves(ada: User) -> None:
    item = proposed({"kind": "draft", "text": "Done."}, REFUND, CHOICE)
    seen = seen_by(ada, item)
    with pytest.raises(errors.AnswerMissing):
        decisions.decide(item.pk, ada, seen, [Answer(said="go", final="Done.")])
    answers = [
        Answer(said="go", final="Done."),
        Answer(said="reject", words="Too much"),
        Answer(said="respond", words="Ask the customer first."),
    ]
    verdicts = decisions.decide(item.pk, ada, seen, answers)
    assert [verdict.kind for verdict in verdicts] == ["approve", "reject", "respond"]
    assert [one.kind for one in Delivery.objects.order_by("pk")] == ["reply", "verdict"]
    let_out()
    assert [told["reason"] for told in proposals.told(item, item.revision)] == ["", "Too much", ""]
    assert Label.objects.get().task == "draft"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(said="go", final={"order": "HC-1", "amount": 900}), errors.UnfitAnswer),
        (Answer(said="go", final=None), errors.UnfitAnswer),
        (Answer(said="respond", words="Why?"), errors.NotAllowed),
    ],
)
def test_what_the_agent_does_not_take_is_refused(
    ada: User, answer: Answer, error: type[errors.ReviewError]
) -> None:
    item = proposed()
    with pytest.raises(error):
        decisions.decide(item.pk, ada, seen_by(ada, item), [answer])
    assert not Verdict.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arguments": {"order": "HC-1", "amount": 900}}, "at amount: At most 200."),
        ({"arguments": {"order": "4111 1111 1111 1111", "amount": 1}}, "a secret"),
        ({"schema": {"$ref": "https://example.org"}}, "outside itself"),
    ],
)
def test_a_proposal_that_no_person_could_judge_is_refused(
    installed: Agent, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(errors.UnfitProposal, match=said):
        proposed(REFUND | change)
    with pytest.raises(errors.UnfitProposal, match="A draft comes first"):
        proposed(REFUND, {"kind": "draft", "text": "Hello"})


def test_a_newer_message_supersedes_it_and_cancels_the_run(ada: User) -> None:
    item = proposed()
    answers = [Answer(said="go", final=REFUND["arguments"])]
    decisions.decide(item.pk, ada, seen_by(ada, item), answers)
    other = proposals.submit(item.ticket_id, item.run.agent, [CHOICE])
    add_message(item.ticket_id, NewMessage(body="Never mind."))
    other.refresh_from_db()
    assert other.status == "superseded"
    assert set(Run.objects.filter(pk__in=[item.run_id, other.run_id]).values_list("status")) == {
        ("cancelled",)
    }
    assert Delivery.objects.get().state == "undone"


def test_a_question_waits_beside_a_draft_and_a_second_draft_does_not(ada: User) -> None:
    item = make_item()
    agent = item.run.agent
    assert proposals.submit(item.ticket_id, agent, [CHOICE]).status == "open"
    with pytest.raises(errors.DraftIsWaiting):
        proposals.submit(item.ticket_id, agent, [{"kind": "draft", "text": "Hello"}])


def test_what_was_told_stays_told_while_the_reply_is_corrected(ada: User, client: Client) -> None:
    raw, token = make_token("submit")
    reply = {"kind": "draft", "text": "It is on its way."}
    item = proposed(reply, REFUND)
    Ticket.objects.update(submitted_by=token)
    answers = [
        Answer(said="go", final="It is on its way."),
        Answer(said="go", final=REFUND["arguments"]),
    ]
    decisions.decide(item.pk, ada, seen_by(ada, item), answers)
    let_out()
    Delivery.objects.filter(kind="reply").update(state="sent")
    correcting.begin(item.pk, ada)
    state = api(client, raw, f"/items/{item.pk}").json()
    assert [told["verdict"] for told in state["verdicts"]] == ["approve", "approve"]
    with pytest.raises(errors.AlreadyDecided):
        proposals.withdraw(item.pk)


def test_an_undone_answer_to_a_question_leaves_the_ticket_where_it_is(ada: User) -> None:
    item = proposed(CHOICE)
    verdicts = decisions.decide(item.pk, ada, seen_by(ada, item), [Answer(said="go", final="dhl")])
    Ticket.objects.update(status="answered", queue=make_queue("billing"))
    undoing.undo(verdicts[0].pk, ada)
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.queue) == ("answered", make_queue("billing"))


def test_the_arguments_of_a_first_word_outlive_the_seconds_typing(ada: User, grace: User) -> None:
    item = proposed({"kind": "draft", "text": "It is on its way."}, REFUND, high_stakes=True)
    less = REFUND["arguments"] | {"amount": 5}
    answers = [Answer(said="go", final="It is on its way."), Answer(said="go", final=less)]
    assert decisions.decide(item.pk, ada, seen_by(ada, item), answers) == []
    token = claimed(item, grace).claim_token
    working.save(item.pk, grace, token, text="It is on its way!", corrections=NOTHING_CORRECTED)
    kept = WorkingText.objects.get(item=item)
    assert (kept.text, kept.choices["answers"][1]) == ("It is on its way!", less)


def test_high_stakes_need_the_same_arguments_from_two(ada: User, grace: User) -> None:
    item = proposed(high_stakes=True)
    changed = [Answer(said="go", final={"order": "HC-1", "amount": 10})]
    original = [Answer(said="go", final=REFUND["arguments"])]
    assert decisions.decide(item.pk, ada, seen_by(ada, item), changed) == []
    assert decisions.decide(item.pk, grace, claimed(item, grace), original) == []
    (verdict,) = decisions.decide(item.pk, ada, claimed(item, ada), original)
    assert (verdict.kind, verdict.reviewer) == ("approve", ada)


def test_the_source_is_told_by_webhook(ada: User) -> None:
    secret = "whsec_" + "c2VjcmV0IG9mIDI0IGJ5dGVzISE="
    with http_server(lambda _: Reply()) as peer:
        item = proposed(CHOICE)
        Source.objects.update(webhook_url=peer.url, webhook_secret=secret)
        item.ticket.source.refresh_from_db()
        answers = [Answer(said="respond", words="Ask her.")]
        decisions.decide(item.pk, ada, seen_by(ada, item), answers)
        let_out()
        (request,) = peer.requests
    Webhook(secret).verify(request.body, request.headers)
    event = json.loads(request.body)
    assert event["type"] == "item.decided"
    assert event["data"]["item_id"] == item.pk
    assert event["data"]["verdicts"][0]["final"] == "Ask her."
    assert Delivery.objects.get().state == "sent"


def api(client: Client, token: str, path: str, body: Any = None, **headers: str) -> Any:
    given = {"Authorization": f"Bearer {token}", **headers}
    if body is None:
        return client.get(f"/api/v1{path}", headers=given)
    return client.post(f"/api/v1{path}", body, content_type="application/json", headers=given)


def own_ticket(token: ApiToken) -> Ticket:
    item = proposed(CHOICE)
    proposals.withdraw(item.pk)
    Ticket.objects.update(submitted_by=token)
    return item.ticket


def test_an_agent_proposes_by_the_api_and_reads_the_verdict_when_it_is_final(
    client: Client, ada: User
) -> None:
    text, token = make_token("submit")
    ticket = own_ticket(token)
    body = {"actions": [REFUND], "reasons": ["Over 10 EUR"], "high_stakes": False}
    first = api(client, text, f"/tickets/{ticket.pk}/proposals", body, **{"Idempotency-Key": "k"})
    again = api(client, text, f"/tickets/{ticket.pk}/proposals", body, **{"Idempotency-Key": "k"})
    assert (first.status_code, first.json()) == (202, again.json())
    item = ReviewItem.objects.get(pk=first.json()["id"])
    answers = [Answer(said="go", final=REFUND["arguments"])]
    decisions.decide(item.pk, ada, seen_by(ada, item), answers)
    state = api(client, text, f"/items/{item.pk}").json()
    assert (state["status"], state["verdicts"]) == ("decided", None)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        let_out()
        state = api(client, text, first.json()["status_url"].removeprefix("/api/v1")).json()
    assert state["verdicts"][0]["verdict"] == "approve"
    assert state["verdicts"][0]["final"] == REFUND["arguments"]


def test_the_api_keeps_to_the_tokens_own_tickets(client: Client, ada: User) -> None:
    text, token = make_token("submit")
    ticket = own_ticket(token)
    other, _ = make_token("submit")
    body = {"actions": [CHOICE]}
    assert api(client, other, f"/tickets/{ticket.pk}/proposals", body).status_code == 404
    item_id = api(client, text, f"/tickets/{ticket.pk}/proposals", body).json()["id"]
    assert api(client, other, f"/items/{item_id}").status_code == 404
    assert api(client, other, f"/items/{item_id}/withdraw", {}).status_code == 404
    assert api(client, text, f"/items/{item_id}/withdraw", {}).json()["status"] == "cancelled"
    assert api(client, text, f"/items/{item_id}/withdraw", {}).status_code == 409
    unfit = {"actions": [REFUND | {"arguments": {"order": "HC-1", "amount": float("nan")}}]}
    assert api(client, text, f"/tickets/{ticket.pk}/proposals", unfit).status_code in {400, 422}


def test_the_page_shows_what_will_happen_and_keeps_what_does_not_fit(
    client: Client, ada: User
) -> None:
    client.force_login(ada)
    item = proposed()
    seen = vars(seen_by(ada, item))
    page = client.get(f"/items/{item.pk}/").content.decode()
    news = client.get(f"/items/{item.pk}/standing/?held", headers={"HX-Request": "true"})
    assert 'data-key-label="Approve and stay here"' in news.content.decode()
    for words in ("Refund order", "cannot be undone", "HC-1", "Pays the amount back"):
        assert words in page
    data = {**seen, "a0.order": "HC-1", "a0.amount": "900"}
    refused = client.post(f"/items/{item.pk}/send/", data)
    assert refused.status_code == 422
    assert "At most 200." in refused.content.decode()
    assert 'value="900"' in refused.content.decode()
    assert client.post(f"/items/{item.pk}/send/", {**data, "a0.amount": "9"}).status_code == 302
    assert Verdict.objects.get().kind == "edit"
    outcome = client.get(f"/items/{item.pk}/").content.decode()
    assert "Approved with 1 change" in outcome


def test_markup_in_a_proposal_is_only_text(client: Client, ada: User) -> None:
    client.force_login(ada)
    hostile = '"><script>alert(1)</script>'
    action = CHOICE | {
        "question": hostile,
        "description": hostile,
        "schema": {"type": "object", "properties": {hostile: {"type": "string", "title": hostile}}},
        "suggested": {hostile: hostile},
    }
    item = proposed(action)
    for _ in range(2):
        assert "<script>alert" not in client.get(f"/items/{item.pk}/").content.decode()
        seen_by(ada, item)


def test_what_an_agent_changes_cannot_be_approved_as_it_was(client: Client, ada: User) -> None:
    text, token = make_token("submit")
    ticket = own_ticket(token)
    item_id = api(client, text, f"/tickets/{ticket.pk}/proposals", {"actions": [REFUND]}).json()[
        "id"
    ]
    item = ReviewItem.objects.get(pk=item_id)
    seen = seen_by(ada, item)
    revised = {"actions": [REFUND | {"arguments": {"order": "HC-1", "amount": 120}}]}
    assert put(client, text, f"/items/{item_id}/proposal", revised).status_code == 200
    client.force_login(ada)
    posted = {**vars(seen), "a0.order": "HC-1", "a0.amount": "12.5"}
    assert client.post(f"/items/{item_id}/send/", posted).status_code == 409
    assert not Verdict.objects.exists()
    assert Run.objects.get(pk=item.run_id).status == "waiting"


def test_what_is_approved_cannot_be_changed_any_more(client: Client, ada: User) -> None:
    text, token = make_token("submit")
    ticket = own_ticket(token)
    item_id = api(client, text, f"/tickets/{ticket.pk}/proposals", {"actions": [REFUND]}).json()[
        "id"
    ]
    item = ReviewItem.objects.get(pk=item_id)
    answers = [Answer(said="go", final=REFUND["arguments"])]
    decisions.decide(item.pk, ada, seen_by(ada, item), answers)
    revised = {"actions": [REFUND | {"arguments": {"order": "HC-1", "amount": 120}}]}
    refused = put(client, text, f"/items/{item_id}/proposal", revised)
    assert refused.status_code == 409
    assert refused.headers["Content-Type"] == "application/problem+json"
    let_out()
    assert proposals.told(item, item.revision)[0]["final"] == REFUND["arguments"]


def put(client: Client, token: str, path: str, body: Any) -> Any:
    return client.put(
        f"/api/v1{path}",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
