"""What calls the tiers made lately, and what those took."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from agents.costing import Tokens
from agents.models import Spend

CALLS = """
    SELECT s.tier, count(*),
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY s.finished_at - s.started_at),
           sum(s.input_tokens), sum(coalesce(s.cached_tokens, 0)), sum(s.output_tokens),
           coalesce(sum(s.cost_usd), 0),
           count(*) FILTER (WHERE s.pricing = 'unpriced'),
           count(*) FILTER (WHERE s.pricing = 'local')
      FROM agents_step s JOIN agents_run r ON r.id = s.run_id
     WHERE s.kind = 'model' AND s.finished_at >= %(since)s AND r.environment = %(environment)s
     GROUP BY s.tier
"""
# A prompt's version is `agent/task@hash`.
TASKS = """
    SELECT split_part(split_part(s.prompt_version, '@', 1), '/', 2) AS task, count(*),
           sum(s.input_tokens), sum(coalesce(s.cached_tokens, 0)), sum(s.output_tokens)
      FROM agents_step s JOIN agents_run r ON r.id = s.run_id
     WHERE s.kind = 'model' AND s.finished_at >= %(since)s AND r.environment = %(environment)s
     GROUP BY task
"""
# A try that failed leaves no step: its step's span tells of it, whether a fallback answered or not.
FAILED_TRIES = """
    SELECT (try ->> 'tier')::numeric::int, count(*)
      FROM observability_span s, agents_run r,
           jsonb_array_elements(
               CASE WHEN jsonb_typeof(s.attributes -> 'countersign.attempts') = 'array'
                    THEN s.attributes -> 'countersign.attempts' END
           ) try
     WHERE s.day >= %(since)s::date AND s.started_at >= %(since)s
       AND r.trace_id = s.trace_id AND r.environment = %(environment)s
       AND try ->> 'error_type' <> '' AND NOT coalesce((try ->> 'is_skipped')::boolean, false)
     GROUP BY 1
"""


@dataclass(frozen=True, kw_only=True)
class TierUse:
    """A tier's calls. failed: tries that got no usable answer; cost_usd: of the priced calls."""

    calls: int = 0
    failed: int = 0
    p50_ms: int = 0
    p95_ms: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    unpriced: int = 0
    local: int = 0

    @property
    def has_price(self) -> bool:
        """Whether any of the calls has a price."""
        return self.calls > self.unpriced + self.local

    @property
    def tokens(self) -> Tokens:
        """What its calls took."""
        return Tokens(
            calls=self.calls,
            input=self.input_tokens,
            cached=self.cached_tokens,
            output=self.output_tokens,
        )


def tier_use(since: datetime) -> dict[int, TierUse]:
    """Return each tier's use in this environment since then, in two queries."""
    given: dict[str, Any] = {"since": since, "environment": settings.ENVIRONMENT}
    with connection.cursor() as cursor:
        cursor.execute(FAILED_TRIES, given)
        failed = dict(cursor.fetchall())
        cursor.execute(CALLS, given)
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    return {tier: _use(rows.get(tier), failed.get(tier, 0)) for tier in {*rows, *failed}}


def task_use(since: datetime) -> dict[str, Tokens]:
    """Return what each task's calls took in this environment since then."""
    with connection.cursor() as cursor:
        cursor.execute(TASKS, {"since": since, "environment": settings.ENVIRONMENT})
        return {
            task: Tokens(calls=calls, input=given, cached=cached, output=answered)
            for task, calls, given, cached, answered in cursor.fetchall()
        }


def spent_on(day: date) -> dict[int, Decimal]:
    """Return what is gone of each tier's budget of the day, or held back for calls under way."""
    scopes = {f"{settings.ENVIRONMENT}/{tier}/{day.isoformat()}": tier for tier in (1, 2, 3)}
    rows = Spend.objects.filter(scope__in=scopes)
    return {scopes[row.scope]: row.spent_usd + row.reserved_usd for row in rows}


def _use(row: tuple[Any, ...] | None, failed: int) -> TierUse:
    if row is None:
        return TierUse(failed=failed)
    calls, (p50, p95), input_tokens, cached_tokens, output_tokens, cost_usd, unpriced, local = row
    return TierUse(
        calls=calls,
        failed=failed,
        p50_ms=round(p50.total_seconds() * 1000),
        p95_ms=round(p95.total_seconds() * 1000),
        input_tokens=input_tokens,
        cached_tokens=cached_tokens,
        output_tokens=output_tokens,
        cost_usd=cost_usd,
        unpriced=unpriced,
        local=local,
    )
