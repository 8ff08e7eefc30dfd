"""What a model's stated confidence is worth, learnt from what people decided on its runs.

Platt scaling on the logit of the stated confidence, per agent, model and prompt version. The
embedded model needs none: it is calibrated by its own training.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, FloatField, OuterRef, Q, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from agents.evals.models import Label
from agents.models import Agent, Calibration, TierVersion
from agents.tiers import is_embedded
from observability.payloads import digest

LEAST_LABELS = 100
FRESH_LABELS = 10
NEWEST_LABELS = 5_000
STEP = "calibrate"
# Neither what a model states nor what labels teach is ever surer than this.
SUREST = 0.999


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The chance of being right is `sigmoid(slope · logit(stated) + intercept)`. slope: ≥ 0."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, stated: float) -> float:
        """Return the calibrated confidence, within [0.001, 0.999]."""
        x = self.slope * _logit(stated) + self.intercept
        return _within(1 / (1 + math.exp(-x)) if x > -700 else 0.0)


class Case(NamedTuple):
    """A decided classification: the confidence it was stated with, and whether it was right."""

    stated: float
    is_right: bool


def fit(cases: Sequence[Case]) -> Scale:
    """Return the scale most likely under the cases, held near no change where they say little.

    Targets are smoothed as Platt did, so that unanimous cases do not ask for certainty.
    """
    import numpy as np  # noqa: PLC0415 - takes time to load, and only the periodic fit needs it
    from scipy.optimize import minimize  # noqa: PLC0415
    from scipy.special import expit  # noqa: PLC0415

    x = np.array([_logit(case.stated) for case in cases])
    right = np.array([case.is_right for case in cases])
    wins = int(right.sum())
    target = np.where(right, (wins + 1) / (wins + 2), 1 / (len(cases) - wins + 2))

    def loss(parameters: Any) -> tuple[float, Any]:
        slope, intercept = parameters
        z = slope * x + intercept
        # A standard normal prior around slope 1 and intercept 0: worth about one case.
        prior = ((slope - 1) ** 2 + intercept**2) / 2
        error = expit(z) - target
        gradient = np.array([error @ x + slope - 1, error.sum() + intercept])
        return float(np.sum(np.logaddexp(0, z) - target * z) + prior), gradient

    best = minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]
    )
    slope, intercept = best.x
    return Scale(slope=float(slope), intercept=float(intercept))


def calibrated(agent: Agent, model: str, prompt_version: str, stated: float) -> dict[str, Any]:
    """Return {stated, confidence, labels, needed}: the confidence to use, and what it rests on.

    Fewer labels than are needed leave it as it was stated.
    """
    known = Calibration.objects.filter(
        agent=agent, model=model, prompt_version=prompt_version
    ).first()
    labels = known.labels if known else 0
    confidence = stated
    if known and labels >= LEAST_LABELS:
        confidence = Scale(slope=known.slope, intercept=known.intercept)(stated)
    return {"stated": stated, "confidence": confidence, "labels": labels, "needed": LEAST_LABELS}


def refit_if_stale(agent: Agent) -> None:
    """Bring the calibrations of the agent's models up to its labels, ten new ones at a time.

    Below the least number only the count is kept, so that people see how far it is.
    """
    models = _models_to_calibrate()
    if not models:
        return
    known = {(c.model, c.prompt_version): c for c in Calibration.objects.filter(agent=agent)}
    decided = _decided(agent).filter(model_used__in=models)
    for row in decided.values("model_used", "prompt_used").annotate(labels=Count("pk")).order_by():
        model, prompt_version, labels = row["model_used"], row["prompt_used"], row["labels"]
        before = known.get((model, prompt_version))
        if not _is_worth_it(labels, before.labels if before else 0):
            continue
        scale = Scale()
        if labels >= LEAST_LABELS:
            scale = fit(_cases(decided.filter(model_used=model, prompt_used=prompt_version)))
        Calibration.objects.update_or_create(
            agent=agent,
            model=model,
            prompt_version=prompt_version,
            defaults={
                "labels": labels,
                "slope": scale.slope,
                "intercept": scale.intercept,
                "fitted_at": timezone.now(),
            },
        )


def _is_worth_it(labels: int, before: int) -> bool:
    if labels < LEAST_LABELS or before < LEAST_LABELS:
        return labels != before
    return labels - before >= FRESH_LABELS


def _models_to_calibrate() -> set[str]:
    """Return every model that is or was on a tier and runs elsewhere."""
    named = TierVersion.objects.values_list("model", "fallbacks")
    return {
        model for first, others in named for model in (first, *others) if not is_embedded(model)
    }


def _decided(agent: Agent) -> Any:
    """Return the queryset of draft labels, one a verdict, of runs whose category was judged.

    A correction says it was wrong; sending without one says it was right; rejecting without one
    says nothing. What was erased says nothing either.
    """
    corrections = Label.objects.filter(
        run=OuterRef("run"), task=Label.Task.CLASSIFY, label__isnull=True
    ).exclude(expected_digest="")  # taken back with its verdict
    return (
        Label.objects.filter(
            agent=agent, task=Label.Task.DRAFT, label__isnull=True, run__steps__key=STEP
        )
        .annotate(
            model_used=_said("model"),
            prompt_used=_said("prompt_version"),
            category=_said("category"),
            stated=Cast(_said("stated"), FloatField()),
            corrected_to=Subquery(corrections.values("expected_digest")[:1]),
        )
        .filter(Q(corrected_to__isnull=False) | Q(verdict__in=["approve", "edit"]))
    )


def _said(key: str) -> KeyTextTransform:
    """Return the value under this key of the calibration step that the query has joined."""
    return KeyTextTransform(key, "run__steps__result__content")


def _cases(decided: Any) -> list[Case]:
    rows = decided.order_by("-created_at").values_list("stated", "category", "corrected_to")
    return [
        # The correction's digest outlives the erasing of its text.
        Case(stated=stated, is_right=corrected_to in (None, digest(category)))
        for stated, category, corrected_to in rows[:NEWEST_LABELS]
    ]


def _logit(probability: float) -> float:
    probability = _within(probability)
    return math.log(probability / (1 - probability))


def _within(probability: float) -> float:
    return min(max(probability, 1 - SUREST), SUREST)
