"""One answer resumes a run once, whoever gives it and however often."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.db import connection

from agents import runner
from agents.models import Agent, Pause, Run
from agents.pauses import Answer, resume
from observability.payloads import digest
from tests.agents.acted import ORDER
from tests.agents.actor import Actor, acting
from tests.builders import make_agent

AT_ONCE = 100


@pytest.fixture
def actor(transactional_db: None, installed: Agent) -> Iterator[Actor]:
    with acting() as actor:
        yield actor


def waiting(actor: Actor) -> tuple[Run, Answer]:
    """Return a run that waits, and the answer that approves what it asks."""
    actor.plan = [("pay", ORDER)]
    run = actor.request()
    runner.execute(run.pk)
    pause = Pause.objects.get(run=run)
    return run, Answer(
        verdict="approve",
        final=ORDER,
        reason="",
        proposed_digest=pause.digest,
        revision=1,
        final_digest=digest(ORDER),
    )


def test_of_100_concurrent_resumes_one_resumes(actor: Actor) -> None:
    run, answer = waiting(actor)

    def give(_: int) -> bool:
        try:
            return resume(run.pk, "call-1", answer)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE // 4) as pool:
        given = list(pool.map(give, range(AT_ONCE)))
    assert given.count(True) == 1
    assert Run.objects.get(pk=run.pk).status == "queued"
    runner.execute(run.pk)
    assert actor.till.paid == [ORDER]
    assert not resume(run.pk, "call-1", answer), "an ended run is not resumed"


def test_an_answer_to_something_else_resumes_nothing(actor: Actor) -> None:
    run, answer = waiting(actor)
    assert not resume(run.pk, "call-1", replace(answer, proposed_digest="0" * 64))
    assert not resume(run.pk, "call-2", answer)
    assert Run.objects.get(pk=run.pk).status == "waiting"


def test_the_time_a_run_waits_for_a_person_is_not_its_own(actor: Actor, ada: User) -> None:
    make_agent()
    run, answer = waiting(actor)
    before = Run.objects.get(pk=run.pk).deadline_at
    resume(run.pk, "call-1", answer)
    after = Run.objects.get(pk=run.pk).deadline_at
    assert before
    assert after
    assert after > before
