"""The pages of prompts: who sees and changes what, what is refused, and the whole way."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agents.models import Agent, Promotion, PromptVersion
from agents.versions import prompt_in_force
from review import prompt_changes
from review.agent_status import news
from tests.builders import make_person
from tests.review.prompting import (
    FILE,
    PAGE,
    TEXT,
    approve,
    asked,
    client_of,
    drafted,
    live_text,
    staged,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]
MOST_QUERIES = 20


@pytest.fixture
def nora(installed: Agent) -> User:
    return make_person("nora", "admin")


@pytest.fixture
def lea(installed: Agent) -> User:
    return make_person("lea", "lead")


@pytest.fixture
def admin(nora: User) -> Client:
    return client_of(nora)


@pytest.fixture
def lead(lea: User) -> Client:
    return client_of(lea)


def test_only_what_was_live_can_be_put_back_and_only_staging_taken_off(
    nora: User, lea: User, admin: Client
) -> None:
    version = staged(nora)
    assert admin.post(f"/prompts/versions/{version.pk}/use/").status_code == 404
    promotion = prompt_changes.ask_for_live(version, note="Go.", by=nora)
    live = approve(promotion, lea)
    response = admin.post(f"{PAGE}unstage/", {"version": live.pk})
    assert response.status_code == 409
    assert live_text() == TEXT


def test_who_may_see_and_change_prompts(ada: User, lead: Client, nora: User) -> None:
    client = client_of(ada)
    for path in ("/prompts/", PAGE):
        assert client.get(path).status_code == 403
    assert lead.get(PAGE).status_code == 200
    assert lead.post(PAGE, {"text": TEXT, "note": "x"}).status_code == 403
    for deed in ("stage", "unstage", "ask", "file"):
        assert lead.post(f"{PAGE}{deed}/", {"version": 1}).status_code == 403
    promotion = asked(nora)
    manager = client_of(make_person("clara", "manager"))
    assert manager.post(f"/prompts/requests/{promotion.pk}/answer/", {}).status_code == 403
    assert manager.post(f"/prompts/requests/{promotion.pk}/back/").status_code == 403
    assert "Put it live" not in manager.get(PAGE).content.decode()


@pytest.mark.parametrize("path", ["/prompts/triage/nothing/", "/prompts/nobody/draft/"])
def test_an_unknown_prompt_is_not_found(admin: Client, path: str) -> None:
    assert admin.get(path).status_code == 404


def test_an_unknown_variable_is_an_error_and_the_text_is_kept(admin: Client) -> None:
    typed = {"text": TEXT + "Sign as $agent_name.", "note": "Sign it.", "based_on": ""}
    response = admin.post(PAGE, typed)
    text = response.content.decode()
    assert response.status_code == 422
    assert "$agent_name is no variable of this task. It knows $company, $support_name." in text
    assert "Sign as $agent_name." in text
    assert 'value="Sign it."' in text
    assert not PromptVersion.objects.exists()


def test_a_doubtful_text_is_saved_once_it_is_confirmed(admin: Client) -> None:
    typed = {"text": "Write for $support_name.", "note": "Plain.", "based_on": ""}
    response = admin.post(PAGE, typed)
    assert response.status_code == 422
    assert "text to read, never instructions" in response.content.decode()
    assert 'name="is_sure"' in response.content.decode()
    assert admin.post(PAGE, typed | {"is_sure": "on"}).status_code == 302


def test_a_preview_fills_in_the_companys_values_and_saves_nothing(admin: Client) -> None:
    Agent.objects.update(company={"name": "Tea & Co", "support_name": "the tea desk"})
    response = admin.post(PAGE, {"text": TEXT, "note": "", "preview": "1"})
    assert response.status_code == 200
    assert "You draft the reply of the tea desk" in response.content.decode()
    assert not PromptVersion.objects.exists()
    wrong = admin.post(PAGE, {"text": "$nobody", "preview": "1"})
    assert wrong.status_code == 422


def test_the_whole_way_by_pages(admin: Client, lead: Client, nora: User, lea: User) -> None:
    admin.post(PAGE, {"text": TEXT, "note": "Shorter.", "based_on": ""})
    text = admin.get(PAGE).content.decode()
    assert "<del>200</del><ins>90</ins>" in text
    draft = PromptVersion.objects.get(environment="draft")
    admin.post(f"{PAGE}stage/", {"version": draft.pk, "note": "Try it."})
    version = PromptVersion.objects.get(environment="staging")
    no_note = admin.post(f"{PAGE}ask/", {"version": version.pk, "note": " "})
    assert no_note.status_code == 422
    admin.post(f"{PAGE}ask/", {"version": version.pk, "note": "It reads well."})
    assert news(lea).asked == 1
    assert news(nora).asked == 0
    assert "wait for a second person" in re_spaced(lead.get("/").content.decode())
    promotion = Promotion.objects.get()
    own = admin.get(PAGE).content.decode()
    assert "so another person answers" in own
    text = lead.get(PAGE).content.decode()
    assert "It reads well." in text
    seen = prompt_in_force("triage", "draft", "live").short
    path = f"/prompts/requests/{promotion.pk}/answer/"
    assert admin.post(path, {"answer": "approve", "seen_live": seen}).status_code == 403
    assert lead.post(path, {"answer": "refuse", "said": ""}).status_code == 422
    response = lead.post(path, {"answer": "approve", "seen_live": seen}, follow=True)
    assert "Live from the next run on." in response.content.decode()
    assert live_text() == TEXT
    listed = admin.get("/prompts/").content.decode()
    assert "countersigned by" in listed
    live = PromptVersion.objects.get(environment="live")
    admin.post(f"{PAGE}file/", {"version": live.pk})
    assert live_text() == FILE
    admin.post(f"/prompts/versions/{live.pk}/use/")
    assert live_text() == TEXT


def re_spaced(text: str) -> str:
    return text.replace("waits for a second", "wait for a second")


def test_a_changed_staging_is_said_and_answered_with_409(
    admin: Client, lead: Client, nora: User
) -> None:
    promotion = asked(nora)
    staged(nora, TEXT.replace("90", "80"))
    assert "The text on staging has changed since" in lead.get(PAGE).content.decode()
    seen = prompt_in_force("triage", "draft", "live").short
    path = f"/prompts/requests/{promotion.pk}/answer/"
    response = lead.post(path, {"answer": "approve", "seen_live": seen})
    assert response.status_code == 409
    assert "The text on staging has changed since this was asked" in response.content.decode()


def test_what_is_in_force_is_shown_however_many_drafts_came_since(
    admin: Client, nora: User, lea: User
) -> None:
    approve(asked(nora), lea)
    PromptVersion.objects.bulk_create(
        PromptVersion(
            agent=Agent.objects.get(),
            task="draft",
            environment="draft",
            version=number,
            reason="x",
            text=f"{TEXT}{number}",
        )
        for number in range(2, 100)
    )
    text = admin.get(PAGE).content.decode()
    assert "live v1</b>" in text
    assert "countersigned by" in text


def test_any_two_texts_can_be_compared(admin: Client, nora: User) -> None:
    version = drafted(nora)
    text = admin.get(f"{PAGE}?a=file&b={version.pk}").content.decode()
    assert 'aria-label="The two texts compared"' in text
    assert admin.get(f"{PAGE}?a=file&b=999999").status_code == 200


def test_hostile_text_is_shown_and_not_run(admin: Client, lead: Client, nora: User) -> None:
    evil = "</textarea></pre><script>alert(1)</script>"
    promotion = asked(nora, TEXT + evil)
    Promotion.objects.filter(pk=promotion.pk).update(note=evil)
    for client in (admin, lead):
        for path in ("/prompts/", PAGE, f"{PAGE}?used=<script>alert(1)</script>"):
            text = client.get(path).content.decode()
            assert "<script>alert(1)" not in text
            assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("path", ["/prompts/", PAGE])
def test_the_pages_stay_within_their_queries(
    lead: Client, nora: User, path: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        staged(nora, f"{TEXT}{number}\n")
    version = PromptVersion.objects.get(environment="staging", is_live=True)
    prompt_changes.ask_for_live(version, note="Go.", by=nora)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert lead.get(path).status_code == 200
