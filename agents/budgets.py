"""Budgets of a tier: the worst price of a call is held back before it, its true one taken after.

What is reserved and what is spent stand in two rows, one of the run and one of the day. A call is
taken from both in one statement or from neither, so that no number of workers spends more than a
budget holds. A reservation whose worker died is settled as spent in full.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from agents.errors import BudgetExceeded
from agents.models import TierVersion
from agents.prices import rounded_up

# A worker is stopped after two minutes: a reservation that old has lost its own.
LOST_AFTER = timedelta(minutes=5)

# Rows are locked in the order of their scopes, here and when they are settled.
RESERVE = """
    WITH wanted AS (
        SELECT * FROM unnest(%(scopes)s::text[], %(budgets)s::numeric[]) AS w (scope, budget)
    ), locked AS MATERIALIZED (
        SELECT id, scope, reserved_usd + spent_usd AS gone FROM agents_spend
        WHERE scope = ANY(%(scopes)s) ORDER BY scope FOR UPDATE
    ), standing AS (
        SELECT w.scope, l.id, w.budget - l.gone AS left_usd
        FROM wanted w LEFT JOIN locked l USING (scope)
    ), verdict AS (
        SELECT bool_and(coalesce(left_usd >= %(usd)s, false)) AS fits FROM standing
    ), taken AS (
        UPDATE agents_spend s SET reserved_usd = s.reserved_usd + %(usd)s
        FROM standing, verdict WHERE s.id = standing.id AND fits
    ), made AS (
        INSERT INTO agents_reservation (scopes, run_id, model, reserved_usd, reserved_at)
        SELECT to_jsonb(%(scopes)s::text[]), %(run)s, %(model)s, %(usd)s, clock_timestamp()
        FROM verdict WHERE fits RETURNING id
    )
    SELECT (SELECT id FROM made), scope, left_usd FROM standing
"""
# A budget may be set in the midst of a day or a run: what was spent before counts.
OPEN_SCOPES = """
    INSERT INTO agents_spend (scope, reserved_usd, spent_usd)
    SELECT scope, 0, CASE WHEN scope LIKE 'run/%%' THEN (
            SELECT coalesce(sum(cost_usd), 0) FROM agents_step
            WHERE run_id = %(run)s AND tier = %(tier)s
        ) ELSE (
            SELECT coalesce(sum(step.cost_usd), 0)
            FROM agents_step step JOIN agents_run run ON run.id = step.run_id
            WHERE step.finished_at >= %(today)s AND step.tier = %(tier)s
                AND run.environment = %(environment)s
        ) END
    FROM unnest(%(scopes)s::text[]) AS scope ORDER BY scope
    ON CONFLICT (scope) DO NOTHING
"""
SETTLE = """
    WITH settled AS (
        UPDATE agents_reservation
        SET spent_usd = coalesce(%(usd)s, reserved_usd), settled_at = clock_timestamp()
        WHERE settled_at IS NULL AND {which}
        RETURNING scopes, reserved_usd, spent_usd
    ), sums AS (
        SELECT scope, sum(reserved_usd) AS reserved_usd, sum(spent_usd) AS spent_usd
        FROM settled, jsonb_array_elements_text(scopes) AS scope GROUP BY scope
    ), locked AS MATERIALIZED (
        SELECT id, scope FROM agents_spend
        WHERE scope IN (SELECT scope FROM sums) ORDER BY scope FOR UPDATE
    ), moved AS (
        UPDATE agents_spend s
        SET reserved_usd = s.reserved_usd - sums.reserved_usd,
            spent_usd = s.spent_usd + sums.spent_usd
        FROM locked JOIN sums USING (scope) WHERE s.id = locked.id
    )
    SELECT count(*) FROM settled
"""
SETTLE_ONE = SETTLE.format(which="id = %(id)s")
SETTLE_LOST = SETTLE.format(which="reserved_at < %(before)s")


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A budget that a call is taken from. name: as a person is told of it."""

    scope: str
    name: str
    usd: Decimal


@dataclass(kw_only=True)
class Hold:
    """What a call may cost at worst, and what it did cost; None while, or where, nobody knows."""

    cost_usd: Decimal | None = None


def budgets_of(tier: TierVersion, environment: str, run_id: int | None) -> Sequence[Budget]:
    """Return the budgets that a call on the tier is taken from."""
    budgets = []
    if tier.budget_day_usd is not None:
        day = timezone.localdate()
        budgets.append(
            Budget(
                scope=f"{environment}/{tier.tier}/{day}",
                name=f"today's budget of tier {tier.tier}",
                usd=tier.budget_day_usd,
            )
        )
    if tier.budget_run_usd is not None and run_id is not None:
        budgets.append(
            Budget(
                scope=f"run/{run_id}/{tier.tier}",
                name=f"the run's budget of tier {tier.tier}",
                usd=tier.budget_run_usd,
            )
        )
    return budgets


@contextmanager
def held(
    budgets: Sequence[Budget],
    tier: TierVersion,
    model: str,
    worst_usd: Decimal | None,
    *,
    environment: str,
    run_id: int | None,
) -> Iterator[Hold]:
    """Hold back what the call may cost at worst while it is made, then take what it did cost.

    Set `cost_usd` of what is yielded; left at None, all that was held back counts as spent. Raises
    BudgetExceeded, with nothing taken, when a budget does not hold it or it has no price.
    """
    hold = Hold()
    if not budgets:
        yield hold
        return
    if worst_usd is None:
        raise BudgetExceeded(
            f"{model} was not asked: it has no known price, so the budget of tier {tier.tier}"
            " cannot bound what it spends.",
            advice="Choose a model with a known price, or take the tier's budgets away.",
        )
    given = {
        "scopes": [budget.scope for budget in budgets],
        "budgets": [budget.usd for budget in budgets],
        "usd": worst_usd,
        "run": run_id,
        "model": model[:120],
        "tier": tier.tier,
        "environment": environment,
        "today": timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0),
    }
    reservation = _reserve(budgets, given)
    try:
        yield hold
    finally:
        _settle(reservation, hold.cost_usd)


def settle_lost() -> int:
    """Settle what dead workers left reserved as spent in full; return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE_LOST, {"usd": None, "before": timezone.now() - LOST_AFTER})
        return int(cursor.fetchone()[0])


def _reserve(budgets: Sequence[Budget], given: dict[str, Any]) -> int:
    """Return the reservation's id. Raises BudgetExceeded."""
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, given)
        rows = cursor.fetchall()
        if any(left_usd is None for _, _, left_usd in rows):
            cursor.execute(OPEN_SCOPES, given)
            cursor.execute(RESERVE, given)
            rows = cursor.fetchall()
    if rows[0][0] is not None:
        return int(rows[0][0])
    left = {scope: left_usd for _, scope, left_usd in rows}
    tight = min(budgets, key=lambda budget: left[budget.scope])
    raise _exceeded(tight, left[tight.scope], given)


def _exceeded(budget: Budget, left_usd: Decimal, given: dict[str, Any]) -> BudgetExceeded:
    later = ", wait until tomorrow" if budget.name.startswith("today") else ""
    left = _money(max(Decimal(0), left_usd))
    return BudgetExceeded(
        f"{given['model']} was not asked: {budget.name} has {left} left of {_money(budget.usd)},"
        f" and the call may cost up to {_money(given['usd'])}.",
        advice=f"Raise the budget{later}, or choose a cheaper model.",
    )


def _settle(reservation: int, cost_usd: Decimal | None) -> None:
    usd = None if cost_usd is None else rounded_up(cost_usd)
    with connection.cursor() as cursor:
        cursor.execute(SETTLE_ONE, {"id": reservation, "usd": usd})


def _money(usd: Decimal) -> str:
    """Return the amount for a person: in cents, with more places where it has them."""
    whole, _, places = f"{usd:.6f}".partition(".")
    return f"${whole}.{places[:2]}{places[2:].rstrip('0')}"
