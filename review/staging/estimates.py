"""What a comparison may cost: last week's tokens at the candidate's prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from agents.models import Agent, Version
from agents.price_list import prices_of
from agents.prompts import tasks_of
from agents.tiers import is_embedded
from review.staging.candidates import Ground

LOOKED_BACK = timedelta(days=7)
# Of each task, the tokens that 95 of 100 runs stay under.
TOKENS = """
    WITH spent AS (
        SELECT split_part(split_part(s.prompt_version, '/', 2), '@', 1) AS task, s.run_id,
               sum(s.input_tokens) AS input, sum(s.output_tokens) AS output
          FROM agents_step s JOIN agents_run r ON r.id = s.run_id
         WHERE s.kind = 'model' AND s.finished_at >= %(since)s AND r.agent_id = %(agent)s
           AND r.environment = %(environment)s AND r.shadow_of_id IS NULL
         GROUP BY 1, 2
    )
    SELECT task, count(*), percentile_disc(0.95) WITHIN GROUP (ORDER BY input),
           percentile_disc(0.95) WITHIN GROUP (ORDER BY output)
      FROM spent GROUP BY task
"""


@dataclass(frozen=True, kw_only=True)
class Estimated:
    """What one shadow run may cost. usd_per_run: None where a price or last week is unknown.

    is_free: whether all of it runs on this installation. unpriced: models without a known price.
    uncounted: tasks that may cost money and made no call last week, so that they are not in it.
    runs_seen: of last week, that it rests on.
    """

    usd_per_run: Decimal | None
    is_free: bool
    unpriced: Sequence[str] = ()
    uncounted: Sequence[str] = ()
    runs_seen: int = 0

    def for_runs(self, runs: int) -> Decimal | None:
        """Return the worst case of so many; None where it is unknown."""
        return None if self.usd_per_run is None else self.usd_per_run * runs


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a task takes in a run."""

    runs: int
    input: int
    output: int


def estimate(ground: Ground, versions: Sequence[Version]) -> Estimated:
    """Return what a run of the candidate may cost: each call at the dearest of its models."""
    tasks = ground.models_of(versions)
    tokens = tokens_a_run(ground.agent, timezone.now() - LOOKED_BACK)
    seen = max((taken.runs for taken in tokens.values()), default=0)
    # A task that last week never came may come with the candidate; all of them count for "free".
    if all(is_embedded(model) for _, models in tasks.values() for model in models):
        return Estimated(usd_per_run=Decimal(0), is_free=True, runs_seen=seen)
    unpriced: set[str] = set()
    usd = Decimal(0)
    for task, taken in tokens.items():
        costs = [Decimal(0)]
        for model in tasks.get(task, (0, ()))[1]:
            if is_embedded(model):
                continue
            if price := prices_of(model):
                costs.append(price.input_usd * taken.input + price.output_usd * taken.output)
            else:
                unpriced.add(model)
        usd += max(costs)
    return Estimated(
        usd_per_run=None if unpriced or not tokens else usd,
        is_free=False,
        unpriced=sorted(unpriced),
        uncounted=[
            task
            for task in tasks_of(ground.agent.slug)
            if task not in tokens and not all(map(is_embedded, tasks.get(task, (0, ()))[1]))
        ],
        runs_seen=seen,
    )


def tokens_a_run(agent: Agent, since: datetime) -> Mapping[str, Tokens]:
    """Return what each task of the agent's live runs has taken since then."""
    given: dict[str, Any] = {"since": since, "agent": agent.pk, "environment": settings.ENVIRONMENT}
    with connection.cursor() as cursor:
        cursor.execute(TOKENS, given)
        return {
            task: Tokens(runs=runs, input=int(taken), output=int(made))
            for task, runs, taken, made in cursor.fetchall()
        }
