"""A model that keeps failing is left alone by every worker, and tried out by one call at a time."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from agents import doors, errors
from agents.breaker import CLOSED, Breaker, Rules, Verdict, after, left_alone_ms, let_through
from agents.errors import ModelError, NotAsked, RunLost
from agents.halting import Halt
from agents.own_doors import Asked, OwnDoors, Where
from agents.shared_doors import SharedDoors
from observability.failures import failure_counts
from tests.agents.test_provider_faults import FIRST, SECOND, attempts_of, refused
from tests.agents.test_runner import executed, queued_run
from tests.peers import free_port
from tests.provider import Provider, put_on_tiers

RULES = Rules(failures=3, window_ms=1_000, pause_ms=100, longest_pause_ms=350)
WELL, FAILED, NONE = Verdict.WELL, Verdict.FAILED, Verdict.NONE


def asked(model: str = "openai/m", *, limit: int = 0, for_s: float = 5) -> Asked:
    return Asked(where=Where(model=model), limit=limit, until=time.monotonic() + for_s)


def fault(*, is_transient: bool = True) -> ModelError:
    error = ModelError("It failed.")
    error.is_transient = is_transient
    return error


def ask(error: Exception | None = None, *, model: str = "openai/m", fair_s: float = 0) -> None:
    """Pass the model's door and end with the error, or well."""
    with doors.passed(asked(model), fair_s=fair_s, halt=Halt()):
        if error:
            raise error


def fail(times: int = 5, *, error: Exception | None = None, fair_s: float = 0) -> None:
    for _ in range(times):
        with suppress(ModelError, RunLost):
            ask(error or fault(), fair_s=fair_s)


def told(*verdicts: tuple[int, Verdict]) -> Breaker:
    """The breaker after calls that ended so, each at its moment."""
    breaker = CLOSED
    for now, verdict in verdicts:
        breaker = after(let_through(breaker, "c", now, 500), "c", verdict, now, RULES)
    return breaker


@pytest.mark.parametrize(
    ("verdicts", "is_open"),
    [
        ([(0, FAILED), (1, FAILED)], False),
        ([(0, FAILED), (1, FAILED), (2, FAILED)], True),
        ([(0, FAILED), (1, FAILED), (2, WELL), (3, FAILED)], False),
        ([(0, FAILED), (1, FAILED), (2, NONE), (3, FAILED)], True),
        ([(0, FAILED), (900, FAILED), (1800, FAILED)], True),
        ([(0, FAILED), (1, FAILED), (1002, FAILED)], False),
    ],
    ids=["too few", "enough", "one went well", "one says nothing", "slowly", "long ago"],
)
def test_it_opens_after_failures_in_a_row(
    verdicts: list[tuple[int, Verdict]], is_open: bool
) -> None:
    assert (told(*verdicts).open_until is not None) is is_open


@pytest.mark.parametrize(
    ("trials", "pause_ms"),
    [(0, 100), (1, 200), (2, 350), (40, 350)],
    ids=["the first time", "after a trial", "no longer than the longest", "for days"],
)
def test_each_failed_trial_doubles_its_pause(trials: int, pause_ms: int) -> None:
    failures = [(0, FAILED), (0, FAILED), (0, FAILED)]
    last = 1_000 * trials
    breaker = told(*failures, *((1_000 * n, FAILED) for n in range(1, trials + 1)))
    assert left_alone_ms(breaker, last) == pause_ms
    assert left_alone_ms(breaker, last + pause_ms) == 0


def test_half_open_it_lets_one_call_through_and_only_that_one_counts() -> None:
    breaker = let_through(told((0, FAILED), (0, FAILED), (0, FAILED)), "trial", 100, 500)
    assert left_alone_ms(breaker, 101) == 499
    assert after(breaker, "late", WELL, 101, RULES) == breaker
    assert after(breaker, "late", FAILED, 101, RULES) == breaker
    assert after(breaker, "trial", WELL, 102, RULES) == CLOSED
    assert left_alone_ms(after(breaker, "trial", NONE, 102, RULES), 102) == 0
    assert left_alone_ms(breaker, 600) == 0, "its worker died"


@pytest.mark.usefixtures("servers")
@settings(max_examples=60)
@given(
    pause_ms=st.sampled_from([0, 60_000]),
    limit=st.sampled_from([0, 2]),
    acts=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["enter", *Verdict])), max_size=30),
)
def test_workers_together_decide_as_one_does_alone(
    pause_ms: int, limit: int, acts: list[tuple[int, str | Verdict]]
) -> None:
    """The script in Redis against the same rules in Python."""
    rules = Rules(failures=2, window_ms=60_000, pause_ms=pause_ms, longest_pause_ms=pause_ms)
    url = str(django_settings.REDIS_URL)
    shared, own = SharedDoors(url, rules), OwnDoors(rules)
    calls = [asked(f"openai/{time.monotonic_ns()}", limit=limit)]
    calls += [Asked(where=calls[0].where, limit=limit, until=calls[0].until) for _ in range(3)]
    for number, act in acts:
        call = calls[number]
        if isinstance(act, Verdict):
            assert shared.leave(call, act) == own.leave(call, act)
            continue
        said, alone = shared.enter(call), own.enter(call)
        assert said is not None
        assert (said.is_full, said.left_alone_ms > 0) == (alone.is_full, alone.left_alone_ms > 0)
    shared.client.close()


@pytest.mark.usefixtures("servers")
class TestInRedis:
    """What workers share."""

    def test_what_one_worker_saw_keeps_another_from_asking(self) -> None:
        fail()
        doors._own.cache_clear()  # another process knows nothing by itself
        with pytest.raises(NotAsked, match=r"openai/m was not asked: it kept failing"):
            ask()
        ask(model="openai/other")

    @pytest.mark.parametrize(
        ("error", "fair_s"),
        [
            (fault(is_transient=False), 0),
            (errors.Refused("No."), 0),
            (errors.BudgetExceeded("Spent."), 0),
            (errors.ModelTimeout("Late."), 60),
            (RunLost(), 0),
        ],
        ids=["wrong key", "refusal", "our budget", "hardly any time", "stopped"],
    )
    def test_what_is_no_fault_of_the_provider_does_not_open_it(
        self, error: Exception, fair_s: float
    ) -> None:
        error.is_transient = isinstance(error, errors.ModelTimeout)  # type: ignore[attr-defined]
        fail(9, error=error, fair_s=fair_s)
        ask()

    def test_of_many_calls_exactly_one_tries_it_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(doors._shared(), "rules", Rules(failures=1, pause_ms=50))
        fail(1)
        time.sleep(0.06)
        inside, over = threading.Semaphore(0), threading.Event()

        def attempt(_: int) -> bool:
            try:
                with doors.passed(asked(), fair_s=0, halt=Halt()):
                    inside.release()
                    return over.wait(5)
            except NotAsked:
                return False

        with ThreadPoolExecutor(12) as pool:
            results = pool.map(attempt, range(12))
            assert inside.acquire(timeout=5)
            assert not inside.acquire(timeout=0.2)
            over.set()
            assert sum(results) == 1
        ask()  # the trial went well: closed

    def test_it_is_listed_while_it_is_open(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(doors._shared(), "rules", Rules(failures=1, pause_ms=1))
        assert doors.open_breakers() == []
        fail(1)
        assert doors.open_breakers() == [Where(model="openai/m")]
        time.sleep(0.01)
        ask()
        assert doors.open_breakers() == []


@contextmanager
def hanging_server() -> Iterator[int]:
    """Yield the port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def redis_at(settings: Settings, port: int) -> None:
    hosts = [{"address": f"redis://127.0.0.1:{port}/0"}]
    settings.CHANNEL_LAYERS = {"default": {"CONFIG": {"hosts": hosts}}}


def test_without_redis_a_process_goes_by_what_it_saw(settings: Settings) -> None:
    redis_at(settings, free_port())
    fail()
    with pytest.raises(NotAsked):
        ask()
    assert doors.open_breakers() is None


def test_a_hanging_redis_holds_up_one_call_for_a_moment_and_no_further_one(
    settings: Settings,
) -> None:
    with hanging_server() as port:
        redis_at(settings, port)
        took_s = []
        for _ in range(20):
            started = time.monotonic()
            ask()
            took_s.append(time.monotonic() - started)
    assert took_s[0] < 1
    assert sum(took_s[1:]) < 0.2


@pytest.mark.django_db
def test_an_open_model_is_skipped_at_once_and_the_trace_says_so(provider: Provider) -> None:
    put_on_tiers(FIRST, fallbacks=[SECOND], retries=0)
    provider.before = lambda form: (
        refused(503) if provider.peer.requests[-1].json["model"] == "first" else None
    )
    for _ in range(2):  # three calls each
        executed(queued_run())
    run = executed(queued_run())
    assert run.status == "done"
    skipped, answered = attempts_of(run, "draft")
    assert (skipped["model"], skipped["error_type"]) == (FIRST, "provider_error")
    assert skipped["is_skipped"]
    assert skipped["message"].startswith(f"{FIRST} was not asked: it kept failing, and is left")
    assert (answered["model"], answered["is_skipped"]) == (SECOND, False)
    asked = [request.json["model"] for request in provider.peer.requests]
    assert asked.count("first") == 5
    counted = {(one.name, one.error_type): one.count for one in failure_counts()}
    assert counted == {(FIRST, "provider_error"): 5}


@pytest.mark.django_db
def test_a_tier_with_every_model_open_fails_at_once(provider: Provider) -> None:
    put_on_tiers(FIRST)
    provider.before = lambda form: refused(503)
    for _ in range(3):
        executed(queued_run())
    before = len(provider.peer.requests)
    started = time.monotonic()
    run = executed(queued_run())
    assert (run.status, run.error_type) == ("failed", "provider_error")
    assert "was not asked" in run.error_message
    assert len(provider.peer.requests) == before
    assert time.monotonic() - started < 2
