"""Prompts: draft, staging, live with a second person, and the way back."""

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.utils import timezone

from agents.configuration import configuration
from agents.models import Agent, Calibration, PromptVersion, TierVersion
from agents.prompts import Prompt, prompt
from agents.tiers import routes
from agents.versions import prompt_in_force
from review import errors, prompt_changes
from review.models import AuditEntry
from review.overview.queries import uncalibrated
from review.tiers.standing import tier_standings
from tests.builders import make_person
from tests.review.prompting import (
    FILE,
    TEXT,
    approve,
    asked,
    drafted,
    live_text,
    staged,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def nora(installed: Agent) -> User:
    return make_person("nora", "admin")


@pytest.fixture
def lea(installed: Agent) -> User:
    return make_person("lea", "lead")


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
