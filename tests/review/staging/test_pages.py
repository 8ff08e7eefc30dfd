"""The pages on staging: who may look and act, what they say, and how many queries they take."""

import re
from dataclasses import replace
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from agents.models import Agent, Comparison, Promotion, PromptVersion
from agents.policies import default_rules
from agents.rule_forms import as_json
from agents.rule_sentences import sentence
from agents.rules import When
from review.models import ComparedPair, ComparisonOrder
from review.policies.reading import names_of
from review.staging.candidates import as_pairs, candidate_of
from review.staging.measure import Side
from review.staging.starting import Asked, start_comparison
from tests.builders import make_person
from tests.provider import Provider
from tests.review.staging.seeding import (
    decide,
    decided_items,
    live_item,
    stage_policy,
    stage_prompt,
    stage_tier,
    work_through,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

MOST_QUERIES = 17
FIT = "Be brief, $support_name of $company."


@pytest.fixture(autouse=True)
def no_undo(settings: Settings) -> None:
    settings.UNDO_WINDOW_S = 0


@pytest.fixture
def agent(installed: Agent) -> Agent:
    return installed


@pytest.fixture
def boss(agent: Agent) -> User:
    return make_person("boss", "admin")


@pytest.fixture
def page(boss: User) -> Client:
    return logged_in(boss)


def logged_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def words(response: object) -> str:
    html = re.sub(r"<[^>]+>", " ", response.content.decode())  # type: ignore[attr-defined]
    return " ".join(unescape(html).split())


def compared(agent: Agent, boss: User, ada: User, number: int = 3) -> Comparison:
    decided_items(ada, number, worked=True)
    stage_tier()
    comparison = start_comparison(
        agent, Asked(reviewed_items=number), boss, agreed=True, agreed_usd=Decimal(1)
    )
    work_through()
    comparison.refresh_from_db()
    return comparison


@pytest.mark.parametrize(
    ("role", "looks", "acts"),
    [("reviewer", 403, 403), ("manager", 200, 403), ("lead", 200, 403), ("admin", 200, 302)],
)
def test_who_may_look_and_who_may_act(agent: Agent, role: str, looks: int, acts: int) -> None:
    client = logged_in(make_person("someone", role))
    comparison = Comparison.objects.create(agent=agent, versions=[], reviewed_items=1)
    ComparisonOrder.objects.create(comparison=comparison)
    assert client.get("/staging/").status_code == looks
    assert client.get(f"/staging/{comparison.pk}/").status_code == looks
    assert client.post(f"/staging/{comparison.pk}/stop/").status_code == acts
    refused = 422 if acts == 302 else acts
    assert client.post("/staging/start/", {}).status_code == refused
    assert client.post("/staging/promote/", {}).status_code == refused


def test_the_same_as_live_says_what_to_do(page: Client) -> None:
    text = words(page.get("/staging/"))
    assert "Staging is the same as live" in text
    assert "a prompt changes nothing" in text


def test_each_difference_is_read_beside_live(page: Client, agent: Agent) -> None:
    stage_tier()
    stage_prompt(agent, "Be brief, $support_name of $company.")
    text = words(page.get("/staging/"))
    assert "Staging differs in tier 2, prompt draft" in text
    assert "openai/candidate" in text
    assert "local/" in text
    assert "Be brief" in text


def test_rules_that_differ_are_sentences(page: Client, agent: Agent) -> None:
    first, *others = default_rules(agent)
    rules = [*others[:-1], first, replace(others[-1], when=When(), outcome="second")]
    stage_policy(agent, [as_json(rule) for rule in rules])
    text, names = words(page.get("/staging/")), names_of(agent)
    assert f"rule moved {sentence(first, names)}" in text
    assert (
        f"rule changed {sentence(others[-1], names)} In every category, always: two people" in text
    )
    assert "{" not in text


def test_rules_that_no_release_reads_are_said_to_be(page: Client, agent: Agent) -> None:
    stage_policy(agent, [{"name": "all"}])
    assert "cannot read its rules" in words(page.get("/staging/"))


def test_a_prompt_for_the_embedded_model_says_that_nothing_shows(
    page: Client, agent: Agent
) -> None:
    stage_prompt(agent, "Be brief.")
    assert "which reads no prompt" in words(page.get("/staging/"))
    stage_tier()
    assert "which reads no prompt" not in words(page.get("/staging/"))


def test_a_comparison_is_started_watched_and_read(
    page: Client, agent: Agent, ada: User, provider: Provider
) -> None:
    decided_items(ada, 2, worked=True)
    stage_tier()
    form = {"agent": "triage", "reviewed_items": "10", "note": "Faster?"}
    refused = page.post("/staging/start/", form)
    assert refused.status_code == 422
    assert "This comparison may cost money" in words(refused)
    assert 'value="Faster?"' in refused.content.decode(), "what was typed is kept"
    assert page.post("/staging/start/", {**form, "agreed": "on"}).status_code == 302
    running = page.get("/staging/")
    assert "0 of 2 shadow runs have ended" in words(running)
    assert "data-poll" in running.content.decode()
    work_through()
    done = page.get("/staging/")
    assert "Too few to tell: 30 sent replies are needed, there are 2." in words(done)
    assert "data-poll" not in done.content.decode()
    assert "Drafts that succeed 2 sent replies 2 of 2" in words(done)


def test_a_start_that_is_refused_says_why(page: Client, agent: Agent) -> None:
    stage_prompt(agent, "Be brief.")
    refused = page.post("/staging/start/", {"agent": "triage", "reviewed_items": "5"})
    assert refused.status_code == 422
    assert "None of this agent's items has been decided yet" in words(refused)
    one_only = {"agent": "triage", "reviewed_items": "5", "live_share_percent": "10"}
    assert "how many tickets of live traffic are enough" in words(
        page.post("/staging/start/", one_only)
    )


def test_items_stand_side_by_side_and_open(
    page: Client, agent: Agent, boss: User, ada: User, provider: Provider
) -> None:
    comparison = compared(agent, boss, ada)
    text = words(page.get(f"/staging/{comparison.pk}/?show=same&order=best"))
    assert "Items side by side" in text
    assert "Your parcel arrives on Friday." in text
    pair = comparison.pairs.first()
    assert pair is not None
    opened = words(page.get(f"/staging/{comparison.pk}/{pair.pk}/"))
    assert "Where is my parcel?" in opened
    assert "never shown to a customer" in opened
    assert page.get(f"/staging/{comparison.pk}/?show=worse").status_code == 200
    assert page.get(f"/staging/{comparison.pk + 1}/{pair.pk}/").status_code == 404


def test_a_shadow_run_is_read_marked_and_only_by_who_sees_every_queue(
    page: Client, agent: Agent, boss: User, ada: User, provider: Provider
) -> None:
    comparison = compared(agent, boss, ada, 1)
    shadow = comparison.runs.get()
    text = words(page.get(f"/runs/{shadow.pk}/"))
    assert "A shadow run, never shown to a customer." in text
    assert "nobody is asked about a shadow run" in text
    assert "openai/candidate" in text
    assert logged_in(ada).get(f"/runs/{shadow.pk}/").status_code == 404
    item = comparison.pairs.get().verdict.item  # type: ignore[union-attr]
    beside = logged_in(ada).get(f"/runs/{item.run_id}/").content.decode()
    assert f"/runs/{shadow.pk}/" not in beside, "it is none of the ticket's runs"


def test_promoting_asks_for_a_reason_and_keeps_what_was_typed(
    page: Client, agent: Agent, boss: User
) -> None:
    stage_prompt(agent, FIT)
    html = page.get("/staging/").content.decode()
    (versions,) = re.findall(r'name="versions" value="([^"]+)"', html)
    form = {"agent": "triage", "versions": unescape(versions)}
    refused = page.post("/staging/promote/", form)
    assert refused.status_code == 422
    assert "The gate does not speak for this candidate" in words(refused)
    page.post("/staging/promote/", {**form, "reason": "Asked for by the law."})
    assert "Against the gate: Asked for by the law." in words(page.get("/staging/"))
    promotion = Promotion.objects.get()
    second = logged_in(make_person("clara", "lead"))
    assert "Approve: put all of it live" in words(second.get("/staging/"))
    address = f"/staging/promotions/{promotion.pk}/"
    manager = logged_in(make_person("max", "manager"))
    assert manager.post(address, {"approves": "on"}).status_code == 403
    read = {"agent": "triage", "approves": "on", "said": "Read it."}
    unread = second.post(address, read, follow=True)
    assert "Nothing was changed. Look at the page again." in words(unread)
    second.post(address, {**read, "versions": unescape(versions)})
    assert PromptVersion.objects.get(environment="live").text == FIT
    text = words(second.get("/staging/"))
    assert "Staging is the same as live" in text


def test_a_mix_that_makes_no_sense_is_refused(page: Client, agent: Agent) -> None:
    for versions in ("", "[[", '{"a": 1}', '[["tier", "x"]]', '[["tier", 99]]'):
        sent = page.post("/staging/promote/", {"agent": "triage", "versions": versions})
        assert sent.status_code == 422, versions


def test_what_customers_and_models_wrote_stays_text(
    page: Client, agent: Agent, boss: User, ada: User, provider: Provider
) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    provider.answers["Drafted"] = {**provider.answers["Drafted"], "reply": f"Hello {evil}"}
    decide(live_item(body=f"Hi {evil}"), ada, f"Hello Ada {evil}")
    stage_tier()
    comparison = start_comparison(
        agent, Asked(reviewed_items=1, note=evil), boss, agreed=True, agreed_usd=Decimal(1)
    )
    work_through()
    pair = comparison.pairs.get()
    for address in ("", f"{comparison.pk}/", f"{comparison.pk}/{pair.pk}/"):
        html = page.get(f"/staging/{address}").content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def large(agent: Agent, ada: User, number: int) -> Comparison:
    """A finished comparison of so many pairs, all on one decided item's texts."""
    comparison = Comparison.objects.create(
        agent=agent,
        versions=as_pairs(candidate_of(agent)),
        reviewed_items=number,
        status=Comparison.Status.DONE,
    )
    ComparisonOrder.objects.create(comparison=comparison)
    live = Side(drafted=True, edits=1, kept=0.9, succeeded=True, cost_usd=Decimal("0.01"))
    mine = Side(drafted=True, edits=0, kept=1.0, succeeded=True, cost_usd=Decimal("0.008"))
    items = decided_items(ada, number)
    ComparedPair.objects.bulk_create(
        ComparedPair(
            comparison=comparison,
            live_run=item.run,
            shadow=None,
            verdict=item.verdicts.get(),
            measured_at=timezone.now(),
            standing="better",
            badness=-1,
            live=live.as_json(),
            candidate=mine.as_json(),
        )
        for item in items
    )
    return comparison


def test_the_pages_take_a_fixed_number_of_queries(
    page: Client,
    agent: Agent,
    ada: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    stage_tier()
    stage_prompt(agent, "Be brief.")
    comparison = large(agent, ada, 40)
    page.get("/staging/")
    pair = comparison.pairs.first()
    assert pair is not None
    for address in ("", f"{comparison.pk}/", f"{comparison.pk}/{pair.pk}/"):
        with django_assert_max_num_queries(MOST_QUERIES):
            assert page.get(f"/staging/{address}").status_code == 200, address


def test_its_summary_has_edits_and_money(agent: Agent, ada: User) -> None:
    from review.staging.results import summary_line

    stage_tier()
    said = summary_line(large(agent, ada, 35))
    assert said.startswith("gate: 35 of 35, 35 edits fewer, $0.01 a day less")
