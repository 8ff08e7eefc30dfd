"""Lines of a JSONL file: read one by one, each good or bad by itself."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError

GZIP_MAGIC = b"\x1f\x8b"

LineT = TypeVar("LineT", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Line(Generic[LineT]):
    """A line's value, or what is wrong with it. size: bytes read for it, compressed ones not."""

    number: int
    size: int
    value: LineT | None = None
    problem: str = ""


def read_lines(path: Path, form: type[LineT]) -> Iterator[Line[LineT]]:
    """Yield the file's lines, blank ones left out. Raises OSError if it cannot be read."""
    with _open(path) as file:
        for number, raw in enumerate(file, start=1):
            if raw.strip():
                yield _parse(number, raw, form)


def content_size(path: Path) -> int | None:
    """Return the file's size in bytes, None when it is compressed and so unknown."""
    with path.open("rb") as file:
        return None if file.read(2) == GZIP_MAGIC else path.stat().st_size


def problem_of(error: ValidationError) -> str:
    """Return what is wrong in one phrase that names the field and leaves the value out."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


def _open(path: Path) -> BinaryIO:
    if content_size(path) is None:
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def _parse(number: int, raw: bytes, form: type[LineT]) -> Line[LineT]:
    try:
        # Not pydantic's own JSON reader: it would take a lone surrogate for broken JSON.
        return Line(
            number=number,
            size=len(raw),
            value=form.model_validate(json.loads(raw.decode("utf-8-sig"))),
        )
    except UnicodeDecodeError:
        problem = "is not UTF-8 text"
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg} at column {error.colno}"
    except ValidationError as error:
        problem = problem_of(error)
    except (ValueError, RecursionError):
        problem = "is not JSON that can be read: a number is too long, or it is nested too deep"
    return Line(number=number, size=len(raw), problem=problem)
