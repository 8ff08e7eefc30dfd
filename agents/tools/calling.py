"""Calling a tool from within a run: asked for where a person must agree, and done once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agents.journal import Journal


@dataclass(frozen=True, kw_only=True)
class Told:
    """What came of a call, as the agent is told.

    done: result is the tool's. failed: it surely was not done, result says why. rejected: a person
    refused, result is their reason. answered: a person answered in words instead. shadow: a call
    that would change something, which no shadow run makes. arguments: as they were carried out; a
    person may have changed them.
    """

    status: Literal["done", "failed", "rejected", "answered", "shadow"]
    result: Any
    arguments: Mapping[str, Any]


def call_tool(
    journal: Journal, key: str, name: str, arguments: Mapping[str, Any], *, why: str = ""
) -> Told:
    """Return what came of the call, once: replayed if it is written.

    key: of the step, stable over restarts. why: the agent's reason, for the person who is asked.
    """
    raise NotImplementedError
