"""How often each guardrail has found something lately, read off the runs' journals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

# What one look reads at most: the newest steps, and of them the newest checks.
MOST_STEPS = 100_000
MOST_CHECKS = 5_000

_COUNTS = """
WITH looked AS (
    SELECT result_id FROM agents_step
    WHERE id > (SELECT max(id) FROM agents_step) - %(most_steps)s
        AND kind = 'check' AND finished_at >= %(since)s
    ORDER BY id DESC LIMIT %(most_checks)s
)
SELECT found ->> 'name', count(*), (SELECT count(*) FROM looked)
FROM looked
JOIN agents_runpayload payload ON payload.id = looked.result_id
CROSS JOIN LATERAL jsonb_path_query(payload.content, '$.checks[*] ? (@.passed == false)') found
GROUP BY 1
"""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Failed checks by guardrail. is_capped: there were more than are looked at."""

    counts: Mapping[str, int]
    is_capped: bool


def findings_since(since: datetime) -> Findings:
    """Return how often each guardrail has found something since then, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNTS, {"since": since, "most_steps": MOST_STEPS, "most_checks": MOST_CHECKS}
        )
        rows = cursor.fetchall()
    return Findings(
        counts={str(name): count for name, count, _ in rows},
        is_capped=any(looked >= MOST_CHECKS for *_, looked in rows),
    )
