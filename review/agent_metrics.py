"""Agents' success metrics and their use, computed when a page shows them.

A verdict counts as on the overview: while it is in force, on the day it was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from agents.models import Agent
from observability.rows import ask
from review.overview import words
from review.overview.period import midnight
from review.overview.statistics import Share

METRIC_DAYS = 28
USE_DAYS = 7

# Drafts: those that succeed, of decided ones. Actions: those approved as proposed, of decided ones.
DECIDED = """
SELECT run.agent_id,
    count(*) FILTER (WHERE verdict.succeeded AND verdict.action = 0),
    count(verdict.succeeded) FILTER (WHERE verdict.action = 0),
    count(*) FILTER (WHERE item.kind = 'tool_call' AND verdict.kind = 'approve'),
    count(*) FILTER (WHERE item.kind = 'tool_call')
FROM review_reviewitem item
JOIN review_verdict verdict ON verdict.item_id = item.id AND verdict.revision = item.revision
JOIN agents_run run ON run.id = item.run_id
WHERE item.status = 'decided'
    AND item.decided_at >= %(start)s AND item.decided_at < %(end)s
    AND NOT EXISTS (
        SELECT FROM review_delivery delivery
        WHERE delivery.verdict_id = verdict.id AND delivery.state = 'undone'
    )
GROUP BY 1
"""
USED = """
SELECT run.agent_id, count(*), count(*) FILTER (WHERE run.status = 'failed'),
    coalesce(sum(call.calls), 0)::bigint, coalesce(sum(call.cost_usd), 0),
    coalesce(sum(call.local), 0)::bigint, coalesce(sum(call.unpriced), 0)::bigint
FROM agents_run run
LEFT JOIN LATERAL (
    SELECT count(*) AS calls, sum(step.cost_usd) AS cost_usd,
        count(*) FILTER (WHERE step.pricing = 'local') AS local,
        count(*) FILTER (WHERE step.pricing = 'unpriced') AS unpriced
    FROM agents_step step WHERE step.run_id = run.id AND step.kind = 'model'
) call ON true
WHERE run.created_at >= %(since)s AND run.environment = %(environment)s
    AND run.shadow_of_id IS NULL
GROUP BY 1
"""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """The value of a success metric: a share of decided cases with its 95 % interval."""

    share: Share
    days: int = METRIC_DAYS

    @property
    def said(self) -> str:
        """The share, or a count where there are few cases."""
        return words.share(self.share)

    @property
    def interval(self) -> str:
        """The 95 % interval in percent; empty without a case."""
        return words.interval(self.share)


@dataclass(frozen=True, kw_only=True)
class Use:
    """An agent's runs and what their model calls cost. cost_usd: of the priced calls."""

    runs: int = 0
    failed: int = 0
    calls: int = 0
    cost_usd: Decimal = Decimal(0)
    local: int = 0
    unpriced: int = 0

    @property
    def has_price(self) -> bool:
        """Whether any of the calls has a price."""
        return self.calls > self.unpriced + self.local


def metrics(now: datetime) -> dict[tuple[int, str], Metric]:
    """Return the value by (agent's id, measure) over the last 28 days, today the last: one query.

    What has no decided case is left out; `metric_of` gives its empty value.
    """
    zone = timezone.get_default_timezone()
    today = timezone.localdate(now, zone)
    start = midnight(today - timedelta(days=METRIC_DAYS - 1), zone)
    end = midnight(today + timedelta(days=1), zone)
    found = {}
    for agent_id, drafts, of_drafts, actions, of_actions in ask(
        DECIDED, {"start": start, "end": end}
    ):
        found[agent_id, "drafts"] = Metric(share=Share(part=drafts, whole=of_drafts))
        found[agent_id, "actions"] = Metric(share=Share(part=actions, whole=of_actions))
    return found


def metric_of(agent: Agent, found: Mapping[tuple[int, str], Metric]) -> Metric:
    """Return the value of what the agent is measured by."""
    return found.get((agent.pk, agent.measure), Metric(share=Share(part=0, whole=0)))


def use_by_agent(now: datetime) -> dict[int, Use]:
    """Return each agent's use in this environment over seven days: one query."""
    since = now - timedelta(days=USE_DAYS)
    names = ("runs", "failed", "calls", "cost_usd", "local", "unpriced")
    return {
        row[0]: Use(**dict(zip(names, row[1:], strict=True)))
        for row in ask(USED, {"since": since, "environment": settings.ENVIRONMENT})
    }
