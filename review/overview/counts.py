"""What the overview's statements count, a row each."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Decided:
    """Verdicts in force of one day and category. drafts: where there was a draft to judge."""

    day: date
    category: str
    decided: int
    drafts: int
    succeeded: int
    sent: int
    sent_drafts: int
    under_3_edits: int
    sent_as_success: int


@dataclass(frozen=True)
class Received:
    """Tickets that came in on one day in one category."""

    day: date
    category: str
    tickets: int


@dataclass(frozen=True)
class Replies:
    """Replies that left. category: None for all. is_now: in the period, else the one before it.

    first: how many were their ticket's first. Times in seconds.
    """

    category: str | None
    is_now: bool
    replies: int
    first: int
    first_median_s: float | None
    first_p90_s: float | None
    person_median_s: float | None


@dataclass(frozen=True)
class Runs:
    """Runs that ended. day: None for the whole period. Times in seconds.

    ran: of those that ended well, from a worker's start to the end; waited: until a worker came.
    """

    day: date | None
    ended: int
    failed: int
    ran_p50_s: float | None
    ran_p95_s: float | None
    ran_p99_s: float | None
    waited_p50_s: float | None
    waited_p95_s: float | None
    slowest_id: int | None


@dataclass(frozen=True)
class Errors:
    """Failures of one kind in the period. saved: model calls that a fallback answered."""

    saved: bool
    error_type: str
    times: int
    newest_run_id: int | None


@dataclass(frozen=True)
class Calls:
    """Model calls of the period in one category. cost_usd: of those with a known price."""

    category: str
    calls: int
    local: int
    unpriced: int
    cost_usd: float


@dataclass(frozen=True)
class Standing:
    """What is so right now, whatever the period.

    moving: some run made progress in the last minute. lately: in the last day; before: in the
    four weeks before that. overdue: due for over a minute.
    """

    category_names: dict[str, str]
    waiting: int
    waiting_over_a_day: int
    oldest_id: int | None
    oldest_at: datetime | None
    over_time: int
    failed_deliveries: int
    unknown_deliveries: int
    overdue_deliveries: int
    overdue_runs: int
    overdue_since: datetime | None
    moving: bool
    failed_lately: int
    ended_lately: int
    failed_before: int
    ended_before: int
    ever_decided: bool


@dataclass(frozen=True, kw_only=True)
class Uncalibrated:
    """A model on the tier that classifies, with how many labels of its calls there are."""

    tier: int
    model: str
    labels: int
    needed: int
