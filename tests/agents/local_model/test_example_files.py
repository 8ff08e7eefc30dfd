import gzip
from pathlib import Path

import pytest

from agents.local_model.errors import UnreadableExamples
from agents.local_model.example_files import Examples, read_examples

GOOD = '{"text": "hello", "label": "greeting", "part": "train"}\n'
OTHER = '{"text": "bye", "label": "parting", "part": "test"}\n'


def write(folder: Path, content: str | bytes) -> Path:
    file = folder / "examples.jsonl"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_texts_and_labels_are_read_in_order(tmp_path: Path) -> None:
    read = read_examples(write(tmp_path, GOOD + "\n" + OTHER))
    assert read == Examples(texts=["hello", "bye"], labels=["greeting", "parting"])


def test_a_part_selects_lines(tmp_path: Path) -> None:
    assert read_examples(write(tmp_path, GOOD + OTHER), part="test").texts == ["bye"]
    with pytest.raises(UnreadableExamples, match="no examples with part calib"):
        read_examples(write(tmp_path, GOOD + OTHER), part="calib")


def test_compressed_files_are_read(tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl.gz"
    file.write_bytes(gzip.compress(GOOD.encode()))
    assert read_examples(file).texts == ["hello"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2: not JSON"),
        ("[" * 100_000, "line 2: not JSON"),
        ('["text", "label"]', "line 2: not a JSON object"),
        ('{"text": "hello"}', "line 2: `label` is missing"),
        ('{"text": 3, "label": "x"}', "line 2: `text` is missing or is not a string"),
        ('{"text": "hello", "label": null}', "line 2: `label`"),
        (b"\xff\xfe", "line 2: not UTF-8"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str | bytes, complaint: str) -> None:
    content = GOOD.encode() + (line.encode() if isinstance(line, str) else line)
    with pytest.raises(UnreadableExamples, match=complaint):
        read_examples(write(tmp_path, content))


def test_truncated_compression_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl.gz"
    file.write_bytes(gzip.compress(GOOD.encode() * 50)[:-12])
    with pytest.raises(UnreadableExamples, match="breaks off or is damaged"):
        read_examples(file)


def test_a_plain_file_named_gz_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl.gz"
    file.write_text(GOOD)
    with pytest.raises(UnreadableExamples, match="damaged after line 0"):
        read_examples(file)


def test_missing_and_empty_files_are_reported(tmp_path: Path) -> None:
    with pytest.raises(UnreadableExamples, match="No such file"):
        read_examples(tmp_path / "none.jsonl")
    with pytest.raises(UnreadableExamples, match="Is a directory"):
        read_examples(tmp_path)
    with pytest.raises(UnreadableExamples, match="no examples"):
        read_examples(write(tmp_path, "\n"))
