"""Confidence of models that run elsewhere: worth what people's decisions say it is worth."""

import random
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from agents import calibration
from agents.calibration import LEAST_LABELS, Case, Scale, fit, refit_if_stale
from agents.models import Agent, Calibration, Run, TierVersion
from agents.prompts import prompt
from agents.results import RunResult
from agents.tasks import refit_calibrations
from review import decisions
from review.claims import claim
from review.decisions import Seen
from review.items import settle_run
from review.models import ReviewItem
from tests.agents.test_runner import executed, queued_run, result_of
from tests.builders import DRAFT, make_person, make_queue
from tests.provider import Provider, model_provider, put_on_tiers

MODEL = "openai/test-model"

confidences = st.floats(0, 1)
histories = st.lists(
    st.builds(Case, stated=confidences, is_right=st.booleans()), min_size=1, max_size=150
)


def ece(cases: list[tuple[float, bool]], bins: int = 15) -> float:
    """The expected calibration error, over equally wide bins."""
    parts: dict[int, list[tuple[float, bool]]] = {}
    for confidence, is_right in cases:
        parts.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, is_right))
    gaps = [abs(sum(c for c, _ in part) - sum(r for _, r in part)) for part in parts.values()]
    return sum(gaps) / len(cases)


def overconfident(count: int, seed: int) -> list[Case]:
    """Cases of a model whose stated odds are the cube of the true ones."""
    source = random.Random(seed)  # noqa: S311 - made-up data
    cases = []
    for _ in range(count):
        chance = source.uniform(0.4, 0.95)
        odds = (chance / (1 - chance)) ** 3
        cases.append(Case(stated=odds / (1 + odds), is_right=source.random() < chance))
    return cases


@given(histories, confidences, confidences)
def test_more_stated_is_never_less_calibrated_and_always_a_chance(
    history: list[Case], one: float, other: float
) -> None:
    scale = fit(history)
    low, high = sorted((one, other))
    assert 0 < scale(low) <= scale(high) < 1
    assert scale.slope >= 0


@pytest.mark.parametrize("seed", range(5))
def test_an_overconfident_models_error_shrinks_on_cases_it_was_not_fitted_on(seed: int) -> None:
    scale = fit(overconfident(LEAST_LABELS, seed))
    fresh = overconfident(4000, 100 + seed)
    stated = ece([(case.stated, case.is_right) for case in fresh])
    scaled = ece([(scale(case.stated), case.is_right) for case in fresh])
    assert scaled < 0.6 * stated


def test_always_99_percent_and_right_seven_times_of_ten_is_worth_70_percent() -> None:
    scale = fit([Case(stated=0.99, is_right=number % 10 < 7) for number in range(100)])
    assert scale(0.99) == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize(("is_right", "least", "most"), [(True, 0.95, 1), (False, 0, 0.05)])
def test_unanimous_labels_give_a_finite_scale(is_right: bool, least: float, most: float) -> None:
    scale = fit([Case(stated=0.6 + number / 1000, is_right=is_right) for number in range(100)])
    assert scale.slope < 20
    assert least < scale(0.65) < most


def test_a_calibrated_model_is_left_about_as_it_is() -> None:
    source = random.Random(7)  # noqa: S311 - made-up data
    stated = [source.uniform(0.5, 0.99) for _ in range(2000)]
    scale = fit([Case(stated=value, is_right=source.random() < value) for value in stated])
    assert all(abs(scale(value) - value) < 0.04 for value in (0.5, 0.7, 0.9, 0.98))


def test_no_scale_is_ever_certain() -> None:
    assert Scale(slope=500, intercept=500)(1.0) == 0.999
    assert Scale(slope=500, intercept=-500)(0.0) == pytest.approx(0.001)


@pytest.fixture
def provider(installed: Agent, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with model_provider() as provider:
        monkeypatch.setenv("OPENAI_API_BASE", f"{provider.peer.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "test-key")
        put_on_tiers(MODEL)
        yield provider


@pytest.fixture
def lead(installed: Agent) -> User:
    return make_person("amira", "lead", make_queue("orders"), make_queue("billing"))


def opened(run: Run | None = None) -> ReviewItem:
    """An item that a real run opened."""
    item = settle_run((run or executed(queued_run())).pk)
    assert item is not None
    return item


def why(item: ReviewItem) -> dict[str, str]:
    """The item's reasons, without the draft's checks."""
    return {
        reason["code"]: reason["text"]
        for reason in item.reasons
        if not reason["code"].startswith("check_")
    }


def decide(item: ReviewItem, by: User, *, category: str = "", rejects: bool = False) -> None:
    """Countersign the item, its category left or corrected; or reject it."""
    item = claim(item, by)
    assert item.claim_token is not None
    seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    category = category or item.category
    if rejects:
        decisions.reject(item.pk, by, seen, category=category)
    else:
        decisions.send(item.pk, by, seen, text=DRAFT, category=category)


def a_calibration(labels: int, **scale: float) -> Calibration:
    return Calibration.objects.create(
        agent=Agent.objects.get(),
        model=MODEL,
        prompt_version=prompt("triage", "classify").version,
        labels=labels,
        fitted_at="2026-11-01T00:00:00Z",
        **{"slope": 1.0, "intercept": 0.0, **scale},
    )


@pytest.mark.django_db
def test_what_people_left_was_right_and_what_they_corrected_was_not(
    provider: Provider, lead: User
) -> None:
    decide(opened(), lead)
    decide(opened(), lead, category="invoice")
    decide(opened(), lead, category="invoice", rejects=True)
    decide(opened(), lead, rejects=True)  # says nothing of the category
    opened()  # not decided
    refit_calibrations()
    found = Calibration.objects.get()
    assert (found.model, found.prompt_version, found.labels) == (
        MODEL,
        prompt("triage", "classify").version,
        3,
    )
    (agent,) = Agent.objects.all()
    cases = calibration._cases(calibration._decided(agent).filter(model_used=MODEL))
    assert sorted(cases) == [(0.9, False), (0.9, False), (0.9, True)]


@pytest.mark.django_db
def test_too_few_labels_leave_the_confidence_stated_and_say_so(provider: Provider) -> None:
    a_calibration(34, slope=0.1)
    item = opened()
    result = RunResult.from_json(item.run.result.content)  # type: ignore[union-attr, arg-type]
    assert (item.confidence, result.confidence) == (0.9, 0.9)
    assert why(item) == {
        "uncalibrated": "This model's confidence is not calibrated yet (34 of 100 labels)."
    }


@pytest.mark.django_db
def test_enough_labels_put_the_calibrated_value_in_its_place(provider: Provider) -> None:
    a_calibration(LEAST_LABELS, slope=0.0, intercept=0.0)
    run = executed(queued_run())
    item = opened(run)
    assert item.confidence == 0.5
    assert list(why(item)) == ["low_confidence"]
    result = result_of(run)
    assert result.calibration is not None
    assert (result.calibration.stated, result.calibration.labels) == (0.9, LEAST_LABELS)
    assert result.alternatives[0].confidence == pytest.approx(0.25), "half of what is left"
    step = run.steps.get(key="calibrate")
    assert step.kind == "decision"
    assert step.result.content == {
        "model": MODEL,
        "prompt_version": prompt("triage", "classify").version,
        "category": "delivery",
        "stated": 0.9,
        "confidence": 0.5,
        "labels": LEAST_LABELS,
        "needed": LEAST_LABELS,
    }


@pytest.mark.django_db
def test_a_run_that_starts_again_keeps_the_calibration_it_had(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = a_calibration(LEAST_LABELS, slope=0.0)
    run = queued_run()
    with monkeypatch.context() as patch:
        patch.setattr("agents.triage.agent._draft", _die)
        with pytest.raises(SystemExit):
            executed(run)
    Calibration.objects.filter(pk=known.pk).update(intercept=3.0)
    Run.objects.update(heartbeat_at="2026-01-01T00:00:00Z")
    assert result_of(executed(run)).confidence == 0.5


@pytest.mark.django_db
def test_the_embedded_model_needs_none(installed: Agent) -> None:
    assert {version.model for version in TierVersion.objects.all()} == {"local/countersign"}
    refit_if_stale(installed)
    assert not Calibration.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("stated", "others"), [(0.99, [0.5, 0.3]), (1.0, [0.4]), (0.2, [0.7])])
def test_chances_that_do_not_add_up_stay_chances(
    provider: Provider, stated: float, others: list[float]
) -> None:
    """A model that is nearly certain and gives others much besides: none may come out above 1."""
    a_calibration(LEAST_LABELS, slope=0.0, intercept=0.0)
    provider.answers["Classified"] = {
        "category": "delivery",
        "confidence": stated,
        "alternatives": [{"category": "invoice", "confidence": other} for other in others],
    }
    result = result_of(executed(queued_run()))
    assert sum(other.confidence for other in result.alternatives) <= 1 - result.confidence + 1e-9


@pytest.mark.django_db
def test_a_made_up_category_is_neither_calibrated_nor_a_case(
    provider: Provider, lead: User
) -> None:
    provider.answers["Classified"] = {"category": "made-up", "confidence": 1, "alternatives": []}
    run = executed(queued_run())
    assert result_of(run).calibration is None
    assert not run.steps.filter(key="calibrate").exists()


@pytest.mark.django_db
def test_the_scale_is_fitted_from_the_least_number_on_and_again_after_ten(
    provider: Provider, lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "LEAST_LABELS", 4)
    monkeypatch.setattr(calibration, "FRESH_LABELS", 2)
    agent = Agent.objects.get()
    fitted = []
    for number in range(7):
        decide(opened(), lead, category="invoice" if number % 2 else "")
        refit_if_stale(agent)
        known = Calibration.objects.get()
        fitted.append((known.labels, known.slope == 1.0))
    assert fitted == [
        (1, True),
        (2, True),
        (3, True),
        (4, False),
        (4, False),
        (6, False),
        (6, False),
    ]
    assert result_of(executed(queued_run())).confidence < 0.75, "stated 0.9, half of it wrong"


def _die(*_: object) -> None:
    raise SystemExit
