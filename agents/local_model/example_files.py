"""Labelled examples from .jsonl and .jsonl.gz files."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.local_model.errors import UnreadableExamples


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Messages and their labels, element by element."""

    texts: list[str]
    labels: list[str]


def read_examples(path: Path, *, part: str | None = None) -> Examples:
    """Return the file's examples, of one part where a part is named.

    A line is a JSON object with `text` and `label`, and `part` where parts are asked for. Blank
    lines are skipped. Raises UnreadableExamples with the line's number.
    """
    examples = Examples(texts=[], labels=[])
    for number, record in read_records(path):
        where = f"{path}, line {number}"
        text, label = (string_of(record, key, where) for key in ("text", "label"))
        if part is None or record.get("part") == part:
            examples.texts.append(text)
            examples.labels.append(label)
    if not examples.texts:
        of_part = f" with part {part}" if part is not None else ""
        raise UnreadableExamples(f"{path} holds no examples{of_part}.")
    return examples


def read_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the JSON objects with their line numbers. Raises UnreadableExamples."""
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, _record(line, f"{path}, line {number}")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableExamples(
            f"{path}: the compressed data breaks off or is damaged after line {number}."
        ) from error
    except OSError as error:
        raise UnreadableExamples(f"{path} cannot be read: {error.strerror}.") from error


def _record(line: bytes, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableExamples(f"{where}: not UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableExamples(f"{where}: not JSON.") from error
    if not isinstance(record, dict):
        raise UnreadableExamples(f"{where}: not a JSON object.")
    return record


def string_of(record: dict[str, Any], key: str, where: str) -> str:
    """Return the field's text. where: names the line. Raises UnreadableExamples."""
    value = record.get(key)
    if not isinstance(value, str):
        raise UnreadableExamples(f"{where}: `{key}` is missing or is not a string.")
    return value
