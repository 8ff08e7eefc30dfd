"""What the escalation policy makes of a run's end. A run was held against its own version of it."""

from django.conf import settings

from agents.models import Run
from agents.policies import caught_in_input
from agents.results import RunResult
from review.escalation import Decision, Policy, decide, decide_failure


def result_of(run: Run) -> RunResult | None:
    """Return what the run gave, None where it failed or its result is erased."""
    content = run.result.content if run.result else None
    return RunResult.from_json(content) if run.status == Run.Status.DONE and content else None


def outcome_of(run: Run, result: RunResult | None) -> Decision:
    """Return the decision on the run's end, as the item that it opens would show it."""
    if result is None:
        return decide_failure(run.error_type, run.error_message, caught_in_input(run))
    return decide(result, Policy(review_below_confidence=float(settings.REVIEW_BELOW_CONFIDENCE)))
