"""Reading the two runs of a pair: their figures, and the texts behind them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from agents.evals.models import Label
from agents.models import Run, Step
from agents.results import RunResult
from review.items import drafted
from review.models import ComparedPair, Verdict, VerdictKind
from review.staging.measure import Predicted, Side, predicted
from review.staging.outcomes import outcome_of, result_of


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What live drafted, what the candidate did, and what was sent. None: not there, or erased."""

    live: str | None
    candidate: str | None
    sent: str | None


def sides(pair: ComparedPair) -> tuple[Side, Side]:
    """Return the figures of live and of the candidate. The pair's shadow has ended."""
    live, shadow, verdict = pair.live_run, pair.shadow or pair.live_run, pair.verdict
    texts, right = texts_of(pair), _final_category(live, verdict)
    mine, other = result_of(live), result_of(shadow)
    was = outcome_of(live, mine)
    would = outcome_of(shadow, other)
    drafts = [
        "" if decision.outcome == "block" else text or ""
        for decision, text in ((was, texts.live), (would, texts.candidate))
    ]
    return (
        Side(
            drafted=bool(texts.live if verdict else drafts[0]),
            **_edits(_as_judged(verdict) if verdict else None),
            category=mine.category if mine else "",
            category_is_right=_is_right(mine, right),
            outcome="failed" if mine is None else was.outcome,
            reasons=tuple(reason.code for reason in was.reasons),
            **_spent(live),
        ),
        Side(
            drafted=bool(drafts[1]),
            **_edits(None if texts.sent is None else predicted(drafts[1], texts.sent)),
            category=other.category if other else "",
            category_is_right=_is_right(other, right),
            outcome="failed" if other is None else would.outcome,
            reasons=tuple(reason.code for reason in would.reasons),
            **_spent(shadow),
        ),
    )


def texts_of(pair: ComparedPair) -> Texts:
    """Return the pair's three texts; of live what a person was offered."""
    verdict, shadow = pair.verdict, pair.shadow
    return Texts(
        live=_drafted(pair.live_run) if verdict is None else _proposed(verdict),
        candidate=_drafted(shadow) if shadow else None,
        sent=_sent(verdict) if verdict else None,
    )


def _proposed(verdict: Verdict) -> str | None:
    return None if verdict.proposed.content is None else drafted(verdict.proposed)


def _sent(verdict: Verdict) -> str | None:
    text = verdict.final.content if verdict.final else None
    return None if text is None else str(text)


def _drafted(run: Run) -> str | None:
    result = result_of(run)
    return None if result is None else result.proposal.text if result.proposal else ""


def _as_judged(verdict: Verdict) -> Predicted | None:
    """Return what live's draft did need; None where nothing was sent."""
    if verdict.kind == VerdictKind.REJECT:
        return None
    if verdict.succeeded is None:  # there was no draft to judge
        return Predicted(edits=None, kept=None, succeeded=False)
    return Predicted(
        edits=verdict.edit_operations,
        kept=verdict.words_kept_ratio,
        succeeded=verdict.succeeded,
    )


def _edits(found: Predicted | None) -> dict[str, Any]:
    if found is None:
        return {"edits": None, "kept": None, "succeeded": None}
    return {"edits": found.edits, "kept": found.kept, "succeeded": found.succeeded}


def _final_category(run: Run, verdict: Verdict | None) -> str | None:
    """Return the category people found right: as put right, else live's where it was sent so."""
    if verdict is None:
        return None
    labels = Label.objects.filter(run=run, task=Label.Task.CLASSIFY, label__isnull=True)
    label = labels.exclude(expected_digest="").select_related("expected").order_by("-pk").first()
    if label is not None:
        return label.expected.content if label.expected else None
    result = result_of(run)
    return result.category if result and verdict.kind != VerdictKind.REJECT else None


def _is_right(result: RunResult | None, right: str | None) -> bool | None:
    return None if right is None else result is not None and result.category == right


def _spent(run: Run) -> dict[str, Any]:
    """Return what the run's written steps took. A call that never answered left no step."""
    steps = list(run.steps.all())
    calls = [step for step in steps if step.kind == Step.Kind.MODEL]
    unpriced = any(step.pricing == Step.Pricing.UNPRICED for step in calls)
    return {
        "model_ms": sum(step.latency_ms for step in calls),
        "work_ms": sum(step.latency_ms for step in steps),
        "input_tokens": sum(step.input_tokens or 0 for step in calls),
        "output_tokens": sum(step.output_tokens or 0 for step in calls),
        "cost_usd": None
        if unpriced
        else sum((step.cost_usd or Decimal(0) for step in calls), Decimal(0)),
        "is_local": all(step.pricing == Step.Pricing.LOCAL for step in calls),
        "error_type": "" if run.status == Run.Status.DONE else run.error_type or run.status,
    }
