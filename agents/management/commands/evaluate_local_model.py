"""`manage.py evaluate_local_model`: train the embedded model on one file, measure it on another."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from agents.local_model.classifier import OUT_OF_SCOPE, IntentClassifier
from agents.local_model.errors import LocalModelError
from agents.local_model.example_files import Examples, read_examples
from agents.local_model.metrics import Quality, quality


class Command(BaseCommand):
    """Prints accuracy, calibration, out-of-scope detection and speed."""

    help = "Train the embedded local model on one file of examples and measure it on another."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the files and the form of the answer."""
        parser.add_argument("--train", required=True, type=Path, metavar="FILE")
        parser.add_argument("--test", required=True, type=Path, metavar="FILE")
        parser.add_argument("--part-train", metavar="P", help="only lines whose `part` is P")
        parser.add_argument("--part-test", metavar="P", help="only lines whose `part` is P")
        parser.add_argument("--json", action="store_true", help="print JSON alone")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Train, measure, print."""
        try:
            train = read_examples(options["train"], part=options["part_train"])
            test = read_examples(options["test"], part=options["part_test"])
            if set(test.labels) == {OUT_OF_SCOPE}:
                raise CommandError("The test file has no in-scope message to measure accuracy on.")
            classifier = IntentClassifier.fit(train.texts, train.labels)
        except LocalModelError as error:
            raise CommandError(str(error)) from error
        measured, ms_per_message = _measure(classifier, test)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(measured, ms_per_message)))
        else:
            self.stdout.write(_as_table(measured, ms_per_message, test))


def _measure(classifier: IntentClassifier, test: Examples) -> tuple[Quality, float]:
    """Return the quality on the test messages and the mean milliseconds a message took."""
    started = time.perf_counter()
    predictions = classifier.predict(test.texts)
    elapsed_ms = (time.perf_counter() - started) * 1000
    labels = np.array(test.labels, dtype=object)
    measured = quality(
        confidence=np.array([p.confidence for p in predictions]),
        correct=np.array([p.label for p in predictions], dtype=object) == labels,
        in_scope=np.array([p.in_scope for p in predictions]),
        is_oos=labels == OUT_OF_SCOPE,
    )
    return measured, elapsed_ms / len(test.texts)


def _as_json(measured: Quality, ms_per_message: float) -> dict[str, Any]:
    return {
        "accuracy": measured.accuracy,
        "ece": measured.ece,
        "ece_equal_mass": measured.ece_equal_mass,
        "accuracy_at": {str(percent): at for percent, at in measured.accuracy_at.items()},
        "aurc": measured.aurc,
        "oos_auroc": measured.oos_auroc,
        "oos_recall_at_5": measured.oos_recall_at_5,
        "ms_per_message": ms_per_message,
    }


def _as_table(measured: Quality, ms_per_message: float, test: Examples) -> str:
    """Return the figures one a line, numbers aligned."""
    strange = test.labels.count(OUT_OF_SCOPE)
    rows = [
        ("messages in scope", f"{len(test.labels) - strange:,}"),
        ("messages out of scope", f"{strange:,}"),
        ("accuracy", _percent(measured.accuracy)),
        *(
            (f"accuracy on the surest {percent} %", _percent(at))
            for percent, at in measured.accuracy_at.items()
        ),
        ("calibration error, 15 equal widths", _percent(measured.ece)),
        ("calibration error, 15 equal masses", _percent(measured.ece_equal_mass)),
        ("area under risk-coverage", f"{measured.aurc:.4f}"),
        ("out-of-scope AUROC", _or_dash(measured.oos_auroc)),
        ("out of scope caught at 5 % false alarms", _or_dash(measured.oos_recall_at_5)),
        ("milliseconds a message", f"{ms_per_message:.3f}"),
    ]
    return "\n".join(f"{name:<40}{value:>10}" for name, value in rows)


def _percent(ratio: float) -> str:
    return f"{ratio * 100:.2f} %"


def _or_dash(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.4f}"
