"""The figures that docs/local-model.md promises, on public data kept beside the project."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

DATA = Path(settings.BASE_DIR).parent / "shared" / "data"

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not DATA.is_dir(), reason="the public data sets are not here"),
]


def figures(*arguments: object) -> Any:
    printed = io.StringIO()
    call_command("evaluate_local_model", *map(str, arguments), "--json", stdout=printed)
    return json.loads(printed.getvalue())


def test_banking77() -> None:
    file = DATA / "banking77" / "train.jsonl.gz"
    measured = figures(
        "--train", file, "--part-train", "train", "--test", file, "--part-test", "calib"
    )
    assert measured["accuracy"] >= 0.91
    assert measured["ece"] <= 0.03
    assert measured["accuracy_at"]["80"] >= 0.975
    assert measured["ms_per_message"] < 1


def test_clinc150() -> None:
    folder = DATA / "clinc150"
    measured = figures("--train", folder / "train.jsonl.gz", "--test", folder / "val.jsonl")
    assert measured["accuracy"] >= 0.94
    assert measured["ece"] <= 0.03
    assert measured["oos_auroc"] >= 0.97
    assert measured["oos_recall_at_5"] >= 0.85
    assert measured["ms_per_message"] < 1
