"""A run in three figures: how long its steps took, what they read and wrote, and what that cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from review.trace_rows import Use, together, use_of_try

ATTEMPTS = "countersign.attempts"
# A JSON list of the run's steps, and one of the tries at each model call while its spans are kept.
STEPS = """
SELECT coalesce(jsonb_agg(jsonb_build_object(
    'took_ms', round(extract(epoch FROM finished_at - started_at) * 1000)::integer,
    'input_tokens', input_tokens, 'output_tokens', output_tokens,
    'pricing', pricing, 'cost_usd', cost_usd
)), '[]') FROM agents_step WHERE run_id = %(run)s
"""
TRIES = f"""
SELECT coalesce(jsonb_agg(attributes -> '{ATTEMPTS}'), '[]') FROM observability_span
WHERE trace_id = %(trace)s AND day BETWEEN %(first_day)s AND %(last_day)s
    AND jsonb_typeof(attributes -> '{ATTEMPTS}') = 'array'
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """use: of every try at a model call, the ones that failed as well."""

    steps: int
    took_ms: int
    use: Use


def facts_of(
    steps: Sequence[Mapping[str, Any]], tries: Sequence[Sequence[Mapping[str, Any]]]
) -> RunFacts:
    """Return the figures from the JSON of STEPS and TRIES."""
    missed = [use_of_try(one) for call in tries for one in call if one.get("error_type")]
    return RunFacts(
        steps=len(steps),
        took_ms=sum(step["took_ms"] for step in steps),
        use=together([*missed, *(_use(step) for step in steps)]),
    )


def _use(step: Mapping[str, Any]) -> Use:
    cost = step["cost_usd"]
    return Use(
        input_tokens=step["input_tokens"] or 0,
        output_tokens=step["output_tokens"] or 0,
        pricing=step["pricing"],
        cost_usd=None if cost is None else Decimal(str(cost)),
    )
