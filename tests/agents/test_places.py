"""How many calls a model has at a time, of all workers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_django import Settings

from agents import doors
from agents.errors import RateLimited, RunLost
from agents.halting import Halt
from agents.own_doors import Asked, Where
from tests.agents.test_breaker import redis_at
from tests.agents.test_provider_faults import FIRST, SECOND, attempts_of
from tests.agents.test_runner import executed, queued_run
from tests.peers import free_port
from tests.provider import Provider, put_on_tiers

WHERE = Where(model="openai/m")


def place(limit: int, for_s: float) -> Asked:
    return Asked(where=WHERE, limit=limit, until=time.monotonic() + for_s)


class _Crowd:
    """How many are inside at a time, at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.inside = self.most = 0

    def visit(self, _: int) -> float:
        with doors.passed(place(3, 20), fair_s=0, halt=Halt()) as waited_s:
            with self._lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            time.sleep(0.02)
            with self._lock:
                self.inside -= 1
            return waited_s


@pytest.fixture(params=["with Redis", "without Redis"])
def redis(request: pytest.FixtureRequest, servers: None, settings: Settings) -> None:
    if request.param == "without Redis":
        redis_at(settings, free_port())


@pytest.mark.usefixtures("redis")
def test_no_more_than_the_limit_are_under_way_and_the_others_wait() -> None:
    crowd = _Crowd()
    with ThreadPoolExecutor(12) as pool:
        waited_s = list(pool.map(crowd.visit, range(24)))
    assert crowd.most == 3
    assert max(waited_s) > 0


@pytest.mark.usefixtures("redis")
def test_who_finds_no_place_in_time_is_told_that_the_limit_is_ours() -> None:
    with doors.passed(place(1, 5), fair_s=0, halt=Halt()):
        started = time.monotonic()
        with (
            pytest.raises(RateLimited, match=r"our own limit of 1 call at a time") as full,
            doors.passed(place(1, 0.8), fair_s=0, halt=Halt()),
        ):
            pass
        assert time.monotonic() - started < 0.8
    assert not full.value.may_cost
    with doors.passed(place(1, 5), fair_s=0, halt=Halt()):
        pass


@pytest.mark.usefixtures("redis")
def test_a_run_that_is_stopped_does_not_wait_for_its_place() -> None:
    halt = Halt()
    threading.Timer(0.1, halt.say, [RunLost()]).start()
    with doors.passed(place(1, 30), fair_s=0, halt=Halt()):
        started = time.monotonic()
        with pytest.raises(RunLost), doors.passed(place(1, 30), fair_s=0, halt=halt):
            pass
        assert time.monotonic() - started < 2


@pytest.mark.usefixtures("redis")
def test_the_place_of_a_dead_worker_comes_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.own_doors.SLACK_S", 0.0)
    doors._enter(place(1, 0.6), Halt())  # it never leaves
    with doors.passed(place(1, 10), fair_s=0, halt=Halt()) as waited_s:
        assert 0 < waited_s < 3


@pytest.mark.django_db
def test_a_call_without_a_place_is_answered_by_the_fallback(provider: Provider) -> None:
    put_on_tiers(FIRST, fallbacks=[SECOND], timeout_s=2, max_concurrent=1)
    with doors.passed(
        Asked(where=Where(model=FIRST), limit=1, until=time.monotonic() + 60),
        fair_s=0,
        halt=Halt(),
    ):
        run = executed(queued_run())
    assert run.status == "done"
    full, answered = attempts_of(run, "extract")
    assert (full["error_type"], answered["model"]) == ("rate_limited", SECOND)
    assert "our own limit" in full["message"]
    assert not any(request.json["model"] == "first" for request in provider.peer.requests)
