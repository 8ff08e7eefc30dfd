import hashlib
import json
import os
from pathlib import Path

import pytest
import sklearn

from agents.local_model import saved
from agents.local_model.classifier import IntentClassifier
from agents.local_model.errors import ModelOutdated
from agents.local_model.saved import read_model, write_model
from tests.agents.local_model.messages import LABELS, TEXTS, UNSEEN


def test_a_loaded_classifier_predicts_as_the_saved_one(tmp_path: Path) -> None:
    classifier = IntentClassifier.fit(TEXTS, LABELS)
    file = tmp_path / "models" / "triage.model"
    classifier.save(file)
    assert IntentClassifier.load(file).predict(list(UNSEEN)) == classifier.predict(list(UNSEEN))


def test_folder_and_file_are_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "models" / "triage.model"
    write_model(file, {"answer": 42})
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600


def test_another_library_version_means_training_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(tmp_path / "m", {})
    monkeypatch.setattr(sklearn, "__version__", "99.0")
    with pytest.raises(ModelOutdated, match="another version"):
        read_model(tmp_path / "m", dict)


def test_another_format_means_training_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(tmp_path / "m", {})
    monkeypatch.setattr(saved, "FORMAT", saved.FORMAT + 1)
    with pytest.raises(ModelOutdated, match="another version"):
        read_model(tmp_path / "m", dict)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"[]\n", b'"text"\n', b"{}\n", b"\x80\x04nonsense", b'{"sha256": 1}\n']
)
def test_a_file_that_is_no_model_means_training_again(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(ModelOutdated):
        read_model(tmp_path / "m", dict)


def test_a_damaged_file_is_never_unpickled(tmp_path: Path) -> None:
    file = tmp_path / "m"
    write_model(file, {"answer": 42})
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelOutdated, match="damaged"):
        read_model(file, dict)


def test_a_file_that_others_can_write_is_never_unpickled(tmp_path: Path) -> None:
    file = tmp_path / "m"
    write_model(file, {"answer": 42})
    file.chmod(0o666)
    with pytest.raises(ModelOutdated, match="somebody else"):
        read_model(file, dict)


def test_a_vanished_class_means_training_again(tmp_path: Path) -> None:
    file = tmp_path / "m"
    write_model(file, Path("x"))
    header, payload = file.read_bytes().split(b"\n", 1)
    renamed = payload.replace(b"pathlib", b"pathlob")
    changed = json.loads(header) | {"sha256": hashlib.sha256(renamed).hexdigest()}
    file.write_bytes(json.dumps(changed).encode() + b"\n" + renamed)
    with pytest.raises(ModelOutdated):
        read_model(file, Path)


def test_another_kind_of_model_means_training_again(tmp_path: Path) -> None:
    write_model(tmp_path / "m", {"answer": 42})
    with pytest.raises(ModelOutdated, match="no IntentClassifier"):
        IntentClassifier.load(tmp_path / "m")


def test_no_file_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_model(tmp_path / "m", dict)


def test_a_failed_save_leaves_the_old_model_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "m"
    write_model(file, {"answer": 42})

    def full_disk(_descriptor: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_model(file, {"answer": 43})
    assert read_model(file, dict) == {"answer": 42}
    assert list(tmp_path.iterdir()) == [file]
