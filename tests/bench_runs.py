"""What a run costs beside its model: a triage run, and the bare calls it makes of the model."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents import llm, runner
from agents.models import Category, Run
from memory.models import Article
from review.items import settle_run
from tests.peers import Received
from tests.provider import ANSWERS, Provider, close_model_clients, model_provider, put_on_tiers

RUNS = 100
WARM = 5
MODEL = "openai/test-model"
TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True, kw_only=True)
class Overhead:
    """What a triage run of three model calls takes, in milliseconds, and in queries.

    run: until it ended. opening: from there until its item is open. model: its calls alone, made
    by a bare litellm.completion of the same server, each beside its run. Medians, all of them;
    and so is beside, of the differences of run and model.
    """

    run: float
    opening: float
    model: float
    beside: float
    run_queries: int
    opening_queries: int


def overhead() -> Overhead:
    """Measure queued triage runs, each followed by the bare calls of the model that it made."""
    run_ids = Run.objects.filter(status="queued").values_list("pk", flat=True)[: WARM + RUNS + 1]
    *timed, counted = list(run_ids)
    took = []
    with provider_on_all_tiers() as provider:
        for run_id in timed:
            provider.peer.requests.clear()
            began = time.perf_counter()
            runner.execute(run_id)
            ended = time.perf_counter()
            settle_run(run_id)
            opened = time.perf_counter()
            for request in list(provider.peer.requests):
                bare_call(request, provider)
            took.append((ended - began, opened - ended, time.perf_counter() - opened))
        run_queries = queries(lambda: runner.execute(counted))
        opening_queries = queries(lambda: settle_run(counted))
        close_model_clients()
    run, opening, model = (
        [1000 * each for each in times] for times in zip(*took[WARM:], strict=True)
    )
    return Overhead(
        run=median(run),
        opening=median(opening),
        model=median(model),
        beside=median(all_of_it - calls for all_of_it, calls in zip(run, model, strict=True)),
        run_queries=run_queries,
        opening_queries=opening_queries,
    )


@contextmanager
def provider_on_all_tiers() -> Iterator[Provider]:
    """Yield a provider that every tier runs on, and whose answers suit the demo's firm."""
    category = Category.objects.filter(is_high_stakes=False).order_by("slug")[0]
    with model_provider() as provider:
        provider.answers["Classified"] = {
            "category": category.slug,
            "confidence": 0.9,
            "alternatives": [],
        }
        provider.answers["Drafted"] = {
            **ANSWERS["Drafted"],
            "articles": list(Article.objects.values_list("slug", flat=True)[:1]),
        }
        os.environ |= {"OPENAI_API_BASE": f"{provider.peer.url}/v1", "OPENAI_API_KEY": "test-key"}
        put_on_tiers(MODEL, fallbacks=[], endpoints={})
        yield provider


def bare_call(request: Received, provider: Provider) -> Any:
    """Ask the provider what a run asked it, with nothing of ours between."""
    asked = {name: value for name, value in request.json.items() if name != "model"}
    return llm._litellm().completion(model=MODEL, num_retries=0, max_retries=0, **asked)


def queries(work: Any) -> int:
    """Return how many statements the work takes, its transactions' bounds aside."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return sum(not query["sql"].startswith(TRANSACTION) for query in captured)
