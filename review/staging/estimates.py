"""What a comparison may cost: last week's tokens at the candidate's prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from agents.configuration import configuration
from agents.models import STAGING, Agent, Version
from agents.tiers import is_embedded
from review.staging.prices import price_of

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
    runs_seen: of last week, that it rests on.
    """

    usd_per_run: Decimal | None
    is_free: bool
    unpriced: Sequence[str] = ()
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


def estimate(agent: Agent, versions: Sequence[Version]) -> Estimated:
    """Return what a run of the candidate may cost: each call at the dearest of its models."""
    chosen = configuration(agent, STAGING, versions)
    tokens = tokens_a_run(agent, timezone.now() - LOOKED_BACK)
    tasks = {task: tier for task, tier in chosen.routes.items() if tier in chosen.tiers}
    # A task that last week never came may come with the candidate; all of them count for "free".
    models = {model for tier in tasks.values() for model in chosen.tiers[tier].models}
    if all(map(is_embedded, models)):
        return Estimated(usd_per_run=Decimal(0), is_free=True)
    prices = {model: price_of(model) for model in models if not is_embedded(model)}
    used = {model for task in tokens if task in tasks for model in chosen.tiers[tasks[task]].models}
    unpriced = sorted(model for model in used if not is_embedded(model) and not prices[model])
    usd = Decimal(0)
    for task, taken in tokens.items():
        known = chosen.tiers[tasks[task]].models if task in tasks else ()
        costs = [
            price.input_usd * taken.input + price.output_usd * taken.output
            for model in known
            if (price := prices.get(model))
        ]
        usd += max(costs, default=Decimal(0))
    return Estimated(
        usd_per_run=None if unpriced or not tokens else usd,
        is_free=False,
        unpriced=unpriced,
        runs_seen=max((taken.runs for taken in tokens.values()), default=0),
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
