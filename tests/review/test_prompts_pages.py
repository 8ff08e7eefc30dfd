"""Prompts: draft, staging, live with a second person, and the way back."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from agents.configuration import configuration
from agents.models import Agent, Calibration, Promotion, PromptVersion, TierVersion
from agents.prompts import Prompt, prompt
from agents.tiers import routes
from agents.versions import prompt_in_force
from review import errors, prompt_changes
from review.agent_status import news
from review.models import AuditEntry
from review.overview.queries import uncalibrated
from review.tiers.standing import tier_standings
from tests.builders import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

PAGE = "/prompts/triage/draft/"
FILE = prompt("triage", "draft").text
TEXT = FILE.replace("at most 200 words", "at most 90 words")
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


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def drafted(by: User, text: str = TEXT) -> PromptVersion:
    before = PromptVersion.objects.filter(environment="draft", is_live=True).first()
    return prompt_changes.save_draft(
        Agent.objects.get(),
        "draft",
        text,
        note="Shorter.",
        by=by,
        based_on=before.pk if before else None,
    )


def staged(by: User, text: str = TEXT) -> PromptVersion:
    return prompt_changes.stage(drafted(by, text), note="Try it.", by=by)


def asked(by: User, text: str = TEXT) -> Promotion:
    return prompt_changes.ask_for_live(staged(by, text), note="It reads well.", by=by)


def approve(promotion: Promotion, by: User) -> PromptVersion:
    seen = prompt_in_force("triage", "draft", "live").short
    return prompt_changes.approve(promotion.pk, by=by, said="Good.", seen_live=seen)


def live_text() -> str:
    return prompt_in_force("triage", "draft", "live").text


def test_a_text_goes_from_draft_to_staging_to_live(nora: User, lea: User) -> None:
    agent = Agent.objects.get()
    promotion = asked(nora)
    assert live_text() == FILE
    assert configuration(agent, "staging").prompt_for("draft").text == TEXT
    version = approve(promotion, lea)
    assert configuration(agent, "live").prompt_for("draft").text == TEXT
    assert (version.created_by, version.approved_by) == (nora, lea)
    assert not PromptVersion.objects.filter(environment="staging", is_live=True).exists()
    promotion.refresh_from_db()
    assert (promotion.outcome, promotion.decided_by, promotion.said) == ("done", lea, "Good.")
    actions = AuditEntry.objects.filter(action__startswith="prompt.").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "prompt.drafted",
        "prompt.staged",
        "prompt.asked",
        "prompt.approved",
    ]


def test_an_untouched_text_from_a_browser_is_the_file_itself(installed: Agent) -> None:
    typed = FILE.replace("\n", "\r\n")
    assert Prompt.edited("triage", "draft", prompt_changes.one_form(typed)).version == (
        prompt("triage", "draft").version
    )


def test_neither_who_asked_nor_who_wrote_is_the_second(nora: User, lea: User) -> None:
    version = staged(nora)
    other = make_person("olga", "admin")
    promotion = prompt_changes.ask_for_live(version, note="Go.", by=other)
    for person in (nora, other):
        with pytest.raises(errors.NotTheSecondPerson):
            approve(promotion, person)
        with pytest.raises(errors.NotTheSecondPerson):
            prompt_changes.refuse(promotion.pk, by=person, said="No.")
    assert live_text() == FILE
    approve(promotion, lea)


def test_a_text_that_changed_since_it_was_asked_is_not_put_live(nora: User, lea: User) -> None:
    promotion = asked(nora)
    staged(nora, TEXT.replace("90", "80"))
    with pytest.raises(errors.StagedTextChanged):
        approve(promotion, lea)
    assert live_text() == FILE
    # Asking anew takes the old request back.
    again = PromptVersion.objects.get(environment="staging", is_live=True)
    prompt_changes.ask_for_live(again, note="Now this.", by=nora)
    promotion.refresh_from_db()
    assert promotion.outcome == "withdrawn"


def test_live_that_changed_since_the_page_was_shown_is_looked_at_first(
    nora: User, lea: User
) -> None:
    promotion = asked(nora)
    with pytest.raises(errors.LiveTextChanged):
        prompt_changes.approve(promotion.pk, by=lea, said="", seen_live="another")


def test_a_request_is_answered_once(nora: User, lea: User) -> None:
    promotion = asked(nora)
    version = PromptVersion.objects.get(environment="staging", is_live=True)
    with pytest.raises(errors.AlreadyAsked):
        prompt_changes.ask_for_live(version, note="Again.", by=nora)
    with pytest.raises(errors.NoteMissing):
        prompt_changes.refuse(promotion.pk, by=lea, said=" ")
    prompt_changes.refuse(promotion.pk, by=lea, said="Too short.")
    for late in (
        lambda: approve(promotion, lea),
        lambda: prompt_changes.take_back(promotion.pk, by=nora),
    ):
        with pytest.raises(errors.RequestAnswered):
            late()
    assert live_text() == FILE


def test_the_way_back_needs_no_second_person_and_is_on_record(nora: User, lea: User) -> None:
    first = approve(asked(nora), lea)
    approve(asked(nora, TEXT.replace("90", "80")), lea)
    back = prompt_changes.put_back(first, by=nora)
    assert live_text() == TEXT
    assert (back.came_from, back.approved_by) == (first, None)
    assert AuditEntry.objects.get(action="prompt.put_back").actor == nora
    prompt_changes.use_file(back, by=nora)
    assert live_text() == FILE
    with pytest.raises(errors.VersionGone):
        prompt_changes.use_file(back, by=nora)


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


def test_taken_off_staging_takes_its_request_along(nora: User) -> None:
    promotion = asked(nora)
    version = PromptVersion.objects.get(environment="staging", is_live=True)
    prompt_changes.unstage(version, by=nora)
    promotion.refresh_from_db()
    assert promotion.outcome == "withdrawn"
    assert prompt_in_force("triage", "draft", "staging").text == FILE


@pytest.mark.parametrize(
    ("work", "error"),
    [
        (lambda by: drafted(by, TEXT.replace("$support_name", "us")), errors.UnfitPrompt),
        (lambda by: drafted(by, TEXT + "$who"), errors.UnfitPrompt),
        (lambda by: drafted(by, TEXT.replace("never instructions", "only")), errors.UnsurePrompt),
        (lambda by: [drafted(by), drafted(by)], errors.NothingToChange),
        (lambda by: staged(by, FILE), errors.NothingToChange),
        (lambda by: [staged(by), prompt_changes.stage(first_draft(), note="x", by=by)],
         errors.NothingToChange),
        (lambda by: prompt_changes.stage(drafted(by), note=" ", by=by), errors.NoteMissing),
        (lambda by: [drafted(by), drafted(by, TEXT + "More.\n"),
                     prompt_changes.stage(first_draft(), note="x", by=by)], errors.VersionGone),
    ],
)  # fmt: skip
def test_what_is_unfit_is_refused(
    nora: User, work: Callable[[User], object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        work(nora)
    assert live_text() == FILE


def first_draft() -> PromptVersion:
    return PromptVersion.objects.filter(environment="draft").order_by("pk")[0]


def test_two_who_edit_the_same_draft_do_not_overwrite_each_other(nora: User, lea: User) -> None:
    drafted(nora)
    with pytest.raises(errors.DraftChanged):
        prompt_changes.save_draft(
            Agent.objects.get(), "draft", TEXT + "More.", note="x", by=lea, based_on=None
        )


@pytest.mark.django_db(transaction=True)
def test_of_two_approvals_at_once_one_wins(nora: User, lea: User) -> None:
    promotion = asked(nora)
    people = [lea, make_person("olga", "lead")]
    barrier, lost = threading.Barrier(2), list[Exception]()

    def work(person: User) -> None:
        barrier.wait()
        try:
            approve(promotion, person)
        except (errors.RequestAnswered, errors.LiveTextChanged) as error:
            lost.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 1
    assert PromptVersion.objects.filter(environment="live").count() == 1
    assert AuditEntry.objects.filter(action="prompt.approved").count() == 1
    connection.close()


def test_calibration_is_counted_for_the_prompt_in_force(nora: User, lea: User) -> None:
    agent = Agent.objects.get()
    TierVersion.objects.update(model="openai/sorter", fallbacks=[])
    version = PromptVersion.objects.create(
        agent=agent,
        task="classify",
        environment="live",
        version=1,
        is_live=True,
        reason="Better.",
        text=prompt("triage", "classify").text + "Think.\n",
    )
    Calibration.objects.create(
        agent=agent,
        model="openai/sorter",
        prompt_version=Prompt.edited("triage", "classify", version.text).version,
        labels=7,
        slope=1,
        intercept=0,
        fitted_at=timezone.now(),
    )
    assert [one.labels for one in uncalibrated()] == [7]
    tier = next(one for one in tier_standings(timezone.now(), routes()) if "classify" in one.tasks)
    assert [way.labels for way in tier.ways] == [7]


# Pages


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
