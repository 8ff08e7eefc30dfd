"""Budgets hold whatever runs at once: what a call may cost at worst is held back before it."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from agents import budgets, llm
from agents.errors import BudgetExceeded, ModelError, ModelTimeout
from agents.models import Reservation, Run, Spend, TierVersion
from agents.tasks import settle_lost_reservations
from observability.failures import failure_counts
from tests.agents.test_gateway import tier_on
from tests.agents.test_provider_faults import attempts_of, refused, said, silence
from tests.agents.test_runner import executed, queued_run
from tests.peers import HttpPeer, Reply, http_server
from tests.provider import ANSWERS, Provider, completion, put_on_tiers

PRICED, CHEAPER = "openai/test-priced", "openai/test-cheaper"
# Of the test's own models, a token: what is read, what is written.
READ_USD, WRITTEN_USD = Decimal("0.000001"), Decimal("0.00001")
# What the provider of these tests says that a call took: 120 tokens read, 30 written.
CALL_USD = 120 * READ_USD + 30 * WRITTEN_USD
# Threads that call at a time, each with a connection to the database.
WORKERS = 32


@pytest.fixture(autouse=True)
def price_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more models in the price table, the second at a tenth of the first one's prices."""
    llm._client()  # it tells litellm to stay local
    import litellm

    for name, share in (("test-priced", 1), ("test-cheaper", Decimal("0.1"))):
        entry = {
            "input_cost_per_token": float(READ_USD * share),
            "output_cost_per_token": float(WRITTEN_USD * share),
            "litellm_provider": "openai",
            "mode": "chat",
        }
        monkeypatch.setitem(llm._prices(), name, entry)
        monkeypatch.setitem(litellm.model_cost, name, entry)


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    with http_server(lambda request: completion(ANSWERS["Ready"])) as peer:
        yield peer


def budgeted(peer: HttpPeer, day: str | None = None, run: str | None = None, **changes: Any) -> Any:
    """A tier on a priced model at the peer, with these budgets."""
    models = [changes.get("model", PRICED), *changes.get("fallbacks", [])]
    return tier_on(
        changes.pop("model", PRICED),
        endpoints=dict.fromkeys(models, f"{peer.url}/v1"),
        budget_day_usd=None if day is None else Decimal(day),
        budget_run_usd=None if run is None else Decimal(run),
        environment="live",
        **{"retries": 0, "timeout_s": 20, **changes},
    )


def ask(tier: TierVersion, run: Run | None = None) -> Any:
    return llm.complete(
        tier,
        system="Say that you are ready.",
        document={"text": "x" * 200},
        form=llm.Ready,
        prompt_version="p",
        run_id=run.pk if run else None,
    )


def worst(peer: HttpPeer) -> Decimal:
    """What `ask` may cost at worst, as the gateway reserves it."""
    with pytest.raises(BudgetExceeded) as refusal:
        ask(budgeted(peer, day="0"))
    return Decimal(str(refusal.value).rpartition("$")[2].rstrip("."))


def standing() -> tuple[Decimal, Decimal]:
    """What today's budget has reserved and spent."""
    row = Spend.objects.get(scope__startswith="live/1/")
    return row.reserved_usd, row.spent_usd


@pytest.mark.django_db(transaction=True)
def test_a_thousand_parallel_calls_spend_no_more_than_the_budget(peer: HttpPeer) -> None:
    """Each call's true price is far below its worst, so many more fit than fit at once."""
    budget = Decimal("0.1")
    tier = budgeted(peer, day=str(budget), timeout_s=60)
    price_usd, most_reserved, over = worst(peer), Decimal(0), threading.Event()

    def watch() -> None:
        nonlocal most_reserved
        while not over.wait(0.02):
            for row in Spend.objects.all():
                most_reserved = max(most_reserved, row.reserved_usd + row.spent_usd)
        connections.close_all()

    def call(_: int) -> str:
        try:
            ask(tier)
        except ModelError as error:
            return error.error_type
        return "done"

    def leave(everyone: threading.Barrier) -> None:
        everyone.wait(10)  # each in a thread of its own
        connections.close_all()

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(WORKERS) as pool:
        ends = Counter(pool.map(call, range(1000)))
        everyone = threading.Barrier(WORKERS)
        for _ in range(WORKERS):
            pool.submit(leave, everyone)
    over.set()
    watcher.join()
    reserved, spent = standing()
    settled = [row.spent_usd or Decimal(0) for row in Reservation.objects.all()]
    assert set(ends) == {"done", "budget_exceeded"}
    assert ends["done"] == len(peer.requests) == len(settled)
    assert (reserved, spent) == (Decimal(0), sum(settled, Decimal(0)))
    assert spent == ends["done"] * CALL_USD
    assert max(spent, most_reserved) <= budget
    # What calls did not cost after all went to others.
    assert ends["done"] > budget / price_usd


@pytest.mark.django_db
class TestOneCall:
    """What a call takes from its budgets."""

    def test_settles_at_its_true_price_in_day_and_run(self, installed: Any, peer: HttpPeer) -> None:
        run = queued_run()
        ask(budgeted(peer, day="1", run="0.5"), run)
        scopes = {row.scope: (row.reserved_usd, row.spent_usd) for row in Spend.objects.all()}
        today = timezone.localdate()
        assert scopes == {
            f"live/1/{today}": (Decimal(0), CALL_USD),
            f"run/{run.pk}/1": (Decimal(0), CALL_USD),
        }
        reservation = Reservation.objects.get()
        assert reservation.run == run
        assert reservation.reserved_usd > CALL_USD
        assert reservation.spent_usd == CALL_USD

    @pytest.mark.parametrize(
        ("day", "run", "named"),
        [("0.000001", "1", "today's budget"), ("1", "0.000001", "the run's budget")],
    )
    def test_is_taken_from_both_budgets_or_from_neither(
        self, installed: Any, peer: HttpPeer, day: str, run: str, named: str
    ) -> None:
        with pytest.raises(BudgetExceeded) as refusal:
            ask(budgeted(peer, day=day, run=run), queued_run())
        message = str(refusal.value)
        assert named in message
        assert f"has $0.000001 left of ${Decimal('0.000001')}" in message
        assert refusal.value.advice.startswith("Raise the budget")
        assert not peer.requests
        assert not Reservation.objects.exists()
        assert {row.reserved_usd + row.spent_usd for row in Spend.objects.all()} == {0}
        (attempt,) = refusal.value.attempts
        assert attempt["error_type"] == "budget_exceeded"

    @pytest.mark.parametrize(
        ("reply", "error_type", "spent_usd"),
        [
            (refused(401), "provider_error", Decimal(0)),
            (refused(429), "rate_limited", Decimal(0)),
            (refused(503), "provider_error", Decimal(0)),
            (said(None, refusal="No."), "refusal", CALL_USD),
            (said('{"rea', "length"), "schema_invalid", CALL_USD),
            (said("Of course I am."), "schema_invalid", 2 * CALL_USD),
            (Reply(resets=True), "provider_error", None),
            (completion(ANSWERS["Ready"], usage=None), "", None),
        ],
        ids=["key", "429", "503", "refusal", "cut off", "repair", "reset", "no usage told"],
    )
    def test_that_fails_settles_at_what_it_can_have_cost(
        self, peer: HttpPeer, reply: Reply, error_type: str, spent_usd: Decimal | None
    ) -> None:
        """None: nobody knows, so all that was held back."""
        peer.answer = lambda request: reply
        ended_with = ""
        try:
            ask(budgeted(peer, day="1"))
        except ModelError as error:
            ended_with = error.error_type
        assert ended_with == error_type
        held = sum(row.reserved_usd for row in Reservation.objects.all())
        assert standing() == (Decimal(0), Decimal(held) if spent_usd is None else spent_usd)

    def test_that_gets_no_answer_in_time_settles_in_full(self, peer: HttpPeer) -> None:
        peer.answer = lambda request: Reply(body=silence())
        with pytest.raises(ModelTimeout):
            ask(budgeted(peer, day="1", timeout_s=1))
        assert standing() == (Decimal(0), Reservation.objects.get().reserved_usd)

    def test_that_the_budget_does_not_hold_is_made_on_a_cheaper_fallback(
        self, peer: HttpPeer
    ) -> None:
        budget = worst(peer) / 2
        done = ask(budgeted(peer, day=str(budget), fallbacks=[CHEAPER]))
        assert done.use.model == CHEAPER
        assert [a.error_type for a in done.attempts] == ["budget_exceeded", ""]

    def test_that_the_budget_does_not_hold_is_made_on_the_embedded_model(
        self, peer: HttpPeer
    ) -> None:
        done = ask(budgeted(peer, day="0", fallbacks=["local/countersign"]))
        assert (done.use.model, done.use.pricing) == ("local/countersign", "local")
        assert not peer.requests

    def test_of_a_model_without_a_price_is_refused(self, peer: HttpPeer) -> None:
        with pytest.raises(BudgetExceeded, match="no known price, so the budget of tier 1 cannot"):
            ask(budgeted(peer, day="100", model="openai/nobody-knows"))
        assert not peer.requests

    def test_without_a_budget_asks_the_database_nothing(self, peer: HttpPeer) -> None:
        with CaptureQueriesContext(connection) as queries:
            ask(budgeted(peer))
        assert len(queries) == 0

    def test_of_the_embedded_model_asks_no_budget(self) -> None:
        tier = tier_on("local/countersign", budget_day_usd=Decimal(0))
        with CaptureQueriesContext(connection) as queries:
            assert ask(tier).use.pricing == "local"
        assert len(queries) == 0

    def test_takes_one_statement_before_and_one_after(self, peer: HttpPeer) -> None:
        ask(budgeted(peer, day="1"))  # the first of the day opens its row
        with CaptureQueriesContext(connection) as queries:
            ask(budgeted(peer, day="1"))
        assert len(queries) == 2

    def test_of_another_day_has_a_budget_of_its_own(
        self, peer: HttpPeer, settings: Settings
    ) -> None:
        """The day is the company's, not Greenwich's."""
        budget = str(worst(peer) + CALL_USD / 2)
        Spend.objects.all().delete()
        settings.TIME_ZONE = "Pacific/Auckland"
        with time_machine.travel("2026-03-10T10:30:00Z", tick=True):
            ask(budgeted(peer, day=budget))
            with pytest.raises(BudgetExceeded):
                ask(budgeted(peer, day=budget))
        with time_machine.travel("2026-03-10T11:30:00Z", tick=True):
            ask(budgeted(peer, day=budget))
        assert {row.scope for row in Spend.objects.all()} == {
            "live/1/2026-03-10",
            "live/1/2026-03-11",
        }


@pytest.mark.django_db
def test_what_was_spent_before_a_budget_was_set_counts(provider: Provider) -> None:
    put_on_tiers(PRICED)
    run = executed(queued_run())
    assert run.status == "done"
    TierVersion.objects.filter(tier=1).update(budget_day_usd=Decimal(1))
    executed(queued_run())
    # Two calls a run on the tier: two before, two after. A step keeps micro-dollars.
    row = Spend.objects.get(scope__startswith="live/1/")
    assert row.spent_usd == 4 * CALL_USD


@pytest.mark.django_db
def test_a_run_out_of_budget_comes_to_a_person_and_is_counted(provider: Provider) -> None:
    put_on_tiers(PRICED, budget_run_usd=Decimal("0.000002"))
    run = executed(queued_run())
    assert (run.status, run.error_type) == ("failed", "budget_exceeded")
    assert "the run's budget of tier 1 has $0.000002 left" in run.error_message
    (attempt,) = attempts_of(run, "extract")
    assert (attempt["error_type"], attempt["input_tokens"]) == ("budget_exceeded", None)
    assert [(c.kind, c.name, c.error_type, c.count) for c in failure_counts()] == [
        ("model", PRICED, "budget_exceeded", 1),
        ("run", "triage", "budget_exceeded", 1),
    ]


@pytest.mark.django_db
def test_a_run_of_staging_takes_nothing_of_lives_day(provider: Provider) -> None:
    put_on_tiers(PRICED, budget_day_usd=Decimal(1))
    Run.objects.filter(pk=(run := queued_run()).pk).update(environment="staging")
    executed(run)
    assert {row.scope.partition("/")[0] for row in Spend.objects.all()} == {"staging"}


@pytest.mark.django_db
def test_what_a_dead_worker_left_reserved_is_spent_in_full(peer: HttpPeer) -> None:
    tier = budgeted(peer, day="1")
    bounds = budgets.budgets_of(tier, "live", None)
    worst_usd = Decimal("0.1")
    left = [
        budgets.held(bounds, tier, PRICED, worst_usd, environment="live", run_id=None)
        for _ in range(3)
    ]
    for one in left:
        one.__enter__()  # their workers die here
    newest = Reservation.objects.order_by("-pk").first()
    assert newest is not None
    settle_lost_reservations()
    assert standing() == (Decimal("0.3"), Decimal(0))
    longer_ago = timezone.now() - budgets.LOST_AFTER - timedelta(seconds=1)
    Reservation.objects.exclude(pk=newest.pk).update(reserved_at=longer_ago)
    for _ in range(2):
        settle_lost_reservations()
    assert standing() == (Decimal("0.1"), Decimal("0.2"))
    # One that was only slow changes nothing any more.
    left[0].__exit__(None, None, None)
    assert standing() == (Decimal("0.1"), Decimal("0.2"))
