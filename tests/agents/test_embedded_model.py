"""The embedded model in its place: the whole path with no key, learning from verdicts."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from agents import runner
from agents.evals.labels import GroundTruth, give_label
from agents.evals.models import Dataset, Example, Label
from agents.local_model import training
from agents.models import Agent, LocalModelVersion, Run
from agents.results import RunResult
from agents.tasks import retrain_local_model
from review.demo.load import load_demo
from review.items import settle_run
from tests.builders import make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(installed: Agent, settings: Settings, tmp_path: Path) -> Agent:
    settings.LOCAL_MODEL_FOLDER = tmp_path / "models"
    training._loaded.clear()
    load_demo(installed, "a password for the demo")
    return installed


def triaged(body: str, subject: str = "Question") -> RunResult:
    run = make_ticket(body, subject=subject).run
    assert run is not None
    runner.execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_message) == ("done", "")
    assert run.result is not None
    assert run.result.content is not None
    return RunResult.from_json(run.result.content)


def test_the_demo_is_triaged_without_a_key(demo: Agent) -> None:
    result = triaged("My Fjord leaks water from the bottom onto the worktop, what shall I do?")
    assert (result.category, result.queue) == ("equipment-fault", "technical")
    assert result.fields["products"] == ["Halden Fjord"]
    assert result.proposal is not None
    assert result.proposal.text.startswith("Hello Ada,")
    assert "|" not in result.proposal.text
    assert result.citations
    assert all(check.passed for check in result.checks)
    step = Run.objects.latest("pk").steps.get(key="draft")
    assert (step.model, step.pricing, step.cost_usd) == ("local/countersign", "local", Decimal(0))


def test_what_the_firm_does_not_do_is_out_of_scope(demo: Agent) -> None:
    result = triaged("Please write me a poem about the moons of Jupiter and their craters.")
    assert (result.category, result.proposal) == ("oos", None)


def test_without_examples_the_item_says_what_to_do(
    installed: Agent, settings: Settings, tmp_path: Path
) -> None:
    settings.LOCAL_MODEL_FOLDER = tmp_path
    training._loaded.clear()
    run = make_ticket().run
    assert run is not None
    runner.execute(run.pk)
    item = settle_run(run.pk)
    assert item is not None
    assert item.reasons[0]["code"] == "error_not_trained"
    assert "import_examples" in item.reasons[0]["text"]


def test_labels_retrain_the_model_in_the_background(
    installed: Agent, ada: User, settings: Settings, tmp_path: Path
) -> None:
    """People file warranty questions under invoice, ten times: the agent learns it."""
    settings.LOCAL_MODEL_FOLDER = tmp_path
    training._loaded.clear()
    dataset = Dataset.objects.create(agent=installed, name="examples")
    for number in range(6):
        for label, text in (("delivery", "Where is my parcel"), ("invoice", "Send the invoice")):
            Example.objects.create(
                dataset=dataset,
                external_id=f"{label}-{number}",
                label=label,
                text=f"{text} {number}",
            )
    retrain_local_model()
    first = LocalModelVersion.objects.get()
    retrain_local_model()
    assert LocalModelVersion.objects.get() == first, "nothing new, nothing to train"
    for number in range(training.FRESH_LABELS):
        run = make_ticket(f"Zorb gasket warranty {number}", subject="Zorb").run
        assert run is not None
        truth = GroundTruth(
            run=run, task=Label.Task.CLASSIFY, expected="invoice", verdict="edit", given_by=ada
        )
        give_label(truth)
    retrain_local_model()
    assert LocalModelVersion.objects.count() == 2
    (prediction,) = training.load_current("triage").predict(["Zorb gasket warranty"])
    assert prediction.label == "invoice"
    assert LocalModelVersion.objects.first().labels == training.FRESH_LABELS  # type: ignore[union-attr]


def test_a_lost_artefact_is_built_again(demo: Agent, tmp_path: Path) -> None:
    training.load_current("triage")
    for file in (tmp_path / "models").glob("*.joblib"):
        file.write_bytes(b"damaged")
    training._loaded.clear()
    assert training.load_current("triage").predict(["Where is my order?"])[0].label
