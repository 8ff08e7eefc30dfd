"""Other drafts of an item: asked for, waited for, chosen from the past."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import Run, RunPayload, Step, TierVersion
from agents.results import Check, Proposal
from observability.payloads import digest
from review import claims, redrafting
from review.items import settle_run
from review.models import AuditEntry, Macro, Redraft, ReviewItem
from tests.builders import DRAFT, end_run, make_item, make_person, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

HTMX = {"HX-Request": "true"}


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def writing_model(installed: object) -> None:
    TierVersion.objects.filter(tier=2).update(model="openai/writes")


def form_of(item: ReviewItem, user: User, **more: str) -> dict[str, str]:
    token = claims.claim(item, user).claim_token
    return {"claim_token": str(token), "text": "Hello Ada, my own words.", **more}


def recalled(item: ReviewItem, *replies: dict[str, Any]) -> None:
    """Let the item's run have recalled these past replies."""
    plain = {"category": "delivery", "question": "When?", "language": "en", "similarity": 0.5}
    content = {
        "articles": [],
        "past_replies": [
            {"id": f"r-{n}", "articles": [], **plain, **reply} for n, reply in enumerate(replies)
        ],
    }
    Step.objects.create(
        run=item.run,
        key="recall",
        kind="retrieval",
        attempt=1,
        started_at=item.opened_at,
        finished_at=item.opened_at,
        result=RunPayload.objects.create(content=content),
        result_digest=digest(content),
    )


@pytest.mark.usefixtures("writing_model")
def test_a_redraft_is_a_run_that_starts_from_the_text_in_the_editor(
    page: Client, ada: User
) -> None:
    item = make_item(make_result(fields={"order_numbers": ["A-1"], "language": "en"}))
    form = form_of(item, ada, quick="shorter", queue="orders", category="invoice")
    answer = page.post(f"/items/{item.pk}/redrafts/", form, headers=HTMX)
    assert answer.status_code == 200
    assert "It is being written" in answer.content.decode()
    redraft = Redraft.objects.get()
    assert (redraft.item, redraft.asked_by, redraft.run.status) == (item, ada, "queued")
    assert redraft.run.input.content is not None
    asked = redraft.run.input.content["redraft"]
    assert (asked["draft"], asked["category"]) == ("Hello Ada, my own words.", "invoice")
    assert asked["instruction"] == redraft.instruction.content
    assert asked["fields"]["order_numbers"] == ["A-1"]
    assert AuditEntry.objects.get(action="item.redraft_asked").actor == ada
    again = page.post(f"/items/{item.pk}/redrafts/", form, headers=HTMX)
    assert "still being written" in again.content.decode()
    assert Redraft.objects.count() == 1


@pytest.mark.usefixtures("writing_model")
def test_its_end_shows_it_beside_the_original_and_opens_no_item(page: Client, ada: User) -> None:
    item = make_item()
    page.post(f"/items/{item.pk}/redrafts/", form_of(item, ada, instruction="Shorter, please"))
    run = Redraft.objects.get().run
    result = make_result(
        proposal=Proposal(kind="draft", text="<b>Friday</b>, Ada."),
        checks=(Check(name="sources", passed=False, detail="The draft cites no article."),),
    )
    end_run(run, result)
    assert settle_run(run.pk) is None
    assert redrafting.queue_waiting_for(run.pk) == item.queue_id
    shown = page.get(f"/items/{item.pk}/redrafts/", headers=HTMX).content.decode()
    for words in ("&lt;b&gt;Friday&lt;/b&gt;, Ada.", DRAFT, "cites no article", "Shorter, please"):
        assert words in shown
    assert "every 2s" not in shown  # nothing more is waited for
    assert ReviewItem.objects.count() == 1


@pytest.mark.usefixtures("writing_model")
def test_a_redraft_that_failed_says_why_and_can_be_asked_for_again(page: Client, ada: User) -> None:
    item = make_item()
    page.post(f"/items/{item.pk}/redrafts/", form_of(item, ada, instruction="Shorter"))
    run = Redraft.objects.get().run
    end_run(run, error_type="rate_limited")
    Run.objects.filter(pk=run.pk).update(error_message="The provider asked to slow down.")
    shown = page.get(f"/items/{item.pk}/redrafts/").content.decode()
    assert "The provider asked to slow down." in shown
    assert "Try again" in shown


@pytest.mark.usefixtures("writing_model")
def test_only_who_holds_the_item_asks_and_only_in_words(
    page: Client, ada: User, grace: User
) -> None:
    item = make_item()
    form = form_of(item, ada, instruction="Shorter")
    for wrong, problem in (
        ({"claim_token": "no"}, 409),
        ({"claim_token": "6f2b7a3e-7d55-4e0e-9a84-0a3b3f8f4a11"}, 409),
        ({"instruction": "  "}, 422),
        ({"instruction": "x" * 501}, 422),
    ):
        answer = page.post(f"/items/{item.pk}/redrafts/", {**form, **wrong})
        assert answer.status_code == problem, wrong
    assert not Redraft.objects.exists()
    stranger = Client()
    stranger.force_login(make_person("hal", "reviewer"))
    assert stranger.get(f"/items/{item.pk}/redrafts/").status_code == 404


def test_without_a_writing_model_the_next_best_past_replies_are_offered(
    page: Client, ada: User
) -> None:
    item = make_item(make_result(fields={"language": "en"}))
    claims.claim(item, ada)
    recalled(
        item,
        {"reply": DRAFT},  # the draft itself
        {"reply": "Bonjour", "language": "fr"},
        {"reply": "About an invoice.", "category": "invoice"},
        {"reply": "Hello {customer_name|there}, on Friday.", "question": "When is it here?"},
        {"reply": "Broken {slot"},
    )
    Macro.objects.create(name="Delay", text="Hello {customer_name|you}.", category="delivery")
    Macro.objects.create(name="Everywhere", text="Hello.")
    answer = page.get(f"/items/{item.pk}/redrafts/", headers=HTMX)
    assert [pick.text for pick in answer.context["picks"]] == [
        "Hello Ada, on Friday.",
        "Bonjour",
        "About an invoice.",
        "Hello Ada.",
    ]
    shown = answer.content.decode()
    assert "An instruction needs a model that writes" in shown
    assert "An admin can connect one" in shown
    asked = page.post(f"/items/{item.pk}/redrafts/", form_of(item, ada, instruction="Shorter"))
    assert asked.status_code == 409
    assert not Redraft.objects.exists()


def test_a_run_that_recalled_nothing_offers_nothing_and_says_so(page: Client) -> None:
    item = make_item()
    shown = page.get(f"/items/{item.pk}/redrafts/").content.decode()
    assert "No past reply or macro of this category is close." in shown


@pytest.mark.usefixtures("writing_model")
def test_the_panel_takes_few_queries(
    page: Client, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    item = make_item()
    for _ in range(3):
        page.post(f"/items/{item.pk}/redrafts/", form_of(item, ada, instruction="Shorter"))
        end_run(Redraft.objects.order_by("-pk")[0].run, make_result())
    with django_assert_max_num_queries(8):
        page.get(f"/items/{item.pk}/redrafts/", headers=HTMX)
