"""What the escalation policy makes of a run, under one version of it or another."""

from dataclasses import dataclass

from django.conf import settings

from agents.models import LIVE, Comparison, PolicyVersion, Run
from agents.results import RunResult
from agents.versions import in_force, named
from review.escalation import Decision, Policy, decide, decide_failure


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The rules that count for live and for the candidate; None where there are none."""

    live: PolicyVersion | None
    candidate: PolicyVersion | None


def policies_of(comparison: Comparison) -> Policies:
    """Return live's rules as they are now, and the candidate's: live's where it has none."""
    live = in_force(PolicyVersion, LIVE, agent_id=comparison.agent_id)
    chosen = [one for one in named(comparison.versions) if isinstance(one, PolicyVersion)]
    return Policies(live=live, candidate=chosen[0] if chosen else live)


def result_of(run: Run) -> RunResult | None:
    """Return what the run gave, None where it failed or its result is erased."""
    content = run.result.content if run.result else None
    return RunResult.from_json(content) if run.status == Run.Status.DONE and content else None


def outcome_of(run: Run, result: RunResult | None, rules: PolicyVersion | None) -> Decision:
    """Return the decision on the run's end under these rules."""
    if result is None:
        return decide_failure(run.error_type, run.error_message)
    return decide(result, Policy(review_below_confidence=float(settings.REVIEW_BELOW_CONFIDENCE)))
