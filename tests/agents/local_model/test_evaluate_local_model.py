import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.agents.local_model.messages import LABELS, STRANGE, TEXTS, UNSEEN


def write(file: Path, texts: list[str], labels: list[str]) -> Path:
    pairs = zip(texts, labels, strict=True)
    file.write_text("".join(json.dumps({"text": t, "label": x}) + "\n" for t, x in pairs))
    return file


@pytest.fixture
def train(tmp_path: Path) -> Path:
    return write(tmp_path / "train.jsonl", TEXTS, LABELS)


@pytest.fixture
def test(tmp_path: Path) -> Path:
    texts, labels = [*UNSEEN, *STRANGE], [*UNSEEN.values(), *["oos"] * len(STRANGE)]
    return write(tmp_path / "test.jsonl", texts, labels)


def run(*arguments: object) -> str:
    printed = io.StringIO()
    call_command("evaluate_local_model", *map(str, arguments), stdout=printed)
    return printed.getvalue()


def test_json_alone_is_printed_with_every_figure(train: Path, test: Path) -> None:
    figures = json.loads(run("--train", train, "--test", test, "--json"))
    assert figures["accuracy"] == 1.0
    assert figures["oos_auroc"] == 1.0
    assert figures["oos_recall_at_5"] == 1.0
    assert set(figures["accuracy_at"]) == {"50", "70", "80", "90"}
    assert 0 <= figures["ece"] < 0.5
    assert figures["aurc"] == 0.0
    assert figures["ms_per_message"] > 0


def test_figures_are_null_without_out_of_scope_messages(train: Path) -> None:
    figures = json.loads(run("--train", train, "--test", train, "--json"))
    assert figures["oos_auroc"] is None
    assert figures["oos_recall_at_5"] is None


def test_people_get_a_table(train: Path, test: Path) -> None:
    table = run("--train", train, "--test", test)
    assert "100.00 %" in table
    assert "messages out of scope" in table


def test_a_bad_line_is_named(train: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "fine", "label": "card"}\n{"text": "no label"}\n')
    with pytest.raises(CommandError, match="line 2"):
        run("--train", train, "--test", bad)


def test_a_missing_part_is_named(train: Path, test: Path) -> None:
    with pytest.raises(CommandError, match="part calib"):
        run("--train", train, "--test", test, "--part-test", "calib")


def test_nothing_in_scope_to_learn_or_to_test(train: Path, tmp_path: Path) -> None:
    strange = write(tmp_path / "strange.jsonl", STRANGE, ["oos"] * len(STRANGE))
    with pytest.raises(CommandError, match="no in-scope message"):
        run("--train", train, "--test", strange)
    with pytest.raises(CommandError, match="no examples of a category"):
        run("--train", strange, "--test", train)
