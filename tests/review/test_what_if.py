"""What would have happened: a changed policy held against past runs."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import Agent, Run, RunPayload
from agents.results import RunResult
from agents.rules import Rule, When, limit
from observability.payloads import digest
from review.policies.what_if import WhatIf, what_if
from tests.builders import end_run, make_item, make_person, make_result, make_ticket

pytestmark = pytest.mark.django_db

LAWYER = When(keywords=("lawyer",))


def rule(id: str = "row", when: When = LAWYER, **fields: Any) -> Rule:  # noqa: A002
    return Rule(
        **{"id": id, "name": id.title(), "outcome": "review", "reason": "Why.", **fields}, when=when
    )


def answer(before: list[Rule], after: list[Rule], choice: str = "500") -> WhatIf:
    return what_if(Agent.objects.get(), before, after, choice=choice, now=timezone.now())


def ran(body: str, **result: Any) -> Run:
    run = make_ticket(body).run
    assert run is not None
    end_run(run, make_result(**result))
    return run


@pytest.fixture
def past(installed: Agent) -> list[Run]:
    """Four runs: two with a lawyer, one of them about money."""
    return [
        ran("Where is it?"),
        ran("My lawyer waits."),
        ran("My lawyer wants 300 EUR."),
        ran("Where is it now?", confidence=0.4),
    ]


def test_it_counts_what_changes_and_lists_the_runs(past: list[Run]) -> None:
    found = answer([rule()], [rule(outcome="second")])
    assert found.sentences == ["2 of 4 would have gone to a second person that did not."]
    assert [(m.before, m.after, m.runs) for m in found.moves] == [
        ("Reason shown", "Second person", 2),
        ("No rule", "No rule", 2),
    ]
    assert [one.run.id for one in found.changed] == [past[2].pk, past[1].pk]
    assert (found.held, found.unknown, found.changed_total) == (4, 0, 2)


def test_a_second_row_beside_a_plan_takes_no_plan_away(past: list[Run]) -> None:
    plan = rule(outcome="plan")
    found = answer([plan], [plan, rule("two", outcome="second")])
    assert found.sentences == ["2 of 4 would have gone to a second person that did not."]


def test_what_is_lost_is_told_too(past: list[Run]) -> None:
    found = answer([rule(outcome="block")], [])
    assert found.sentences == [
        "2 of 4 would have been offered their draft again.",
        "2 of 4 would have come without a rule’s reason that had one.",
    ]


def test_rows_that_never_caught_anything_are_named(past: list[Run]) -> None:
    money = rule("money", When(money_above=limit(200, "EUR")))
    idle = rule("idle", When(keywords=("notary",)))
    found = answer([rule()], [rule(), money, idle])
    assert [(use.rule.id, use.before, use.caught) for use in found.rows] == [
        ("row", 2, 2),
        ("money", None, 1),
        ("idle", None, 0),
    ]
    assert [one.id for one in found.idle] == ["idle"]


def test_another_queue_alone_is_a_difference_to_the_same_end(past: list[Run]) -> None:
    found = answer([rule()], [rule(queue="care")])
    assert found.sentences == [
        "2 runs would have come with other reasons or in another queue, to the same end."
    ]
    assert found.changed_total == 2


def test_the_same_rules_change_nothing(past: list[Run]) -> None:
    assert answer([rule()], [rule()]).sentences == ["Nothing would have been different."]


def test_what_is_erased_is_unknown(past: list[Run]) -> None:
    run = past[1]
    Run.objects.filter(pk=run.pk).update(input=RunPayload.objects.create(content=None))
    Run.objects.filter(pk=past[0].pk).update(result=RunPayload.objects.create(content=None))
    found = answer([], [rule()])
    assert (found.held, found.unknown) == (2, 2)
    assert found.sentences == ["1 of 2 would have come with a rule’s reason that did not."]


def test_only_live_runs_that_ended_count_and_only_of_the_time_asked(past: list[Run]) -> None:
    make_ticket("My lawyer is queued.")
    Run.objects.filter(pk=past[1].pk).update(created_at=timezone.now() - timedelta(days=8))
    Run.objects.filter(pk=past[0].pk).update(environment="staging")
    found = answer([], [rule()], "7d")
    assert (found.held, found.changed_total) == (2, 1)


def test_a_listed_run_leads_to_its_item(installed: Agent) -> None:
    item = make_item(body="My lawyer waits.")
    (changed,) = answer([], [rule()]).changed
    assert changed.item_id == item.pk
    assert changed.run.subject == "Parcel"


def many_runs(number: int) -> None:
    """Runs of real length, stored in bulk."""
    agent = Agent.objects.get()
    body = "I ordered a machine in May, it leaks, and nobody answers. " * 20
    result: RunResult = make_result()
    inputs, results = [], []
    for place in range(number):
        words = body + ("My lawyer wants 300 EUR back." if place % 10 == 0 else "")
        messages = [{"from": "customer", "body": words, "at": timezone.now().isoformat()}]
        inputs.append(
            RunPayload(
                content={"subject": f"S {place}", "customer": {"name": "A"}, "messages": messages}
            )
        )
        results.append(RunPayload(content=result.as_json()))
    RunPayload.objects.bulk_create([*inputs, *results])
    Run.objects.bulk_create(
        Run(
            agent=agent,
            environment="live",
            status="done",
            input=given,
            input_digest=digest(given.content),
            result=gave,
            finished_at=timezone.now(),
        )
        for given, gave in zip(inputs, results, strict=True)
    )


@pytest.mark.usefixtures("static_files")
def test_five_hundred_runs_take_under_two_seconds_and_no_more_queries(
    installed: Agent, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    admin: User = make_person("jo", "admin")
    client = Client()
    client.force_login(admin)
    installed.company = {"refund_limit": 200}
    installed.save()
    many_runs(500)
    client.post(
        "/policy/triage/rows/new/",
        {
            "name": "Leak",
            "category": "*",
            "keywords": "leaks",
            "outcome": "second",
            "reason": "Water.",
            "note": "Water does harm.",
        },
    )
    started = time.process_time()  # other tests may keep the machine busy
    with django_assert_max_num_queries(16):
        response = client.get("/policy/triage/what-if/?of=draft&runs=500")
    assert time.process_time() - started < 2
    text = response.content.decode()
    assert "500 of 500 would have gone to a second person that did not." in text
    assert "The newest 100 of 500." in text
    assert "rows would have caught nothing" in text
