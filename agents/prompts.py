"""Prompts: one file a task, known by the hash of its text."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A prompt file. version: `agent/task@hash`, stored with every call that used it."""

    text: str
    version: str

    def render(self, **variables: str) -> str:
        """Return the text with its `$variables` filled. Raises KeyError for a missing one."""
        return Template(self.text).substitute(variables)


@cache
def prompt(agent: str, task: str) -> Prompt:
    """Return the agent's prompt for a task."""
    text = (FOLDER / agent / "prompts" / f"{task}.md").read_text(encoding="utf-8")
    return Prompt(
        text=text, version=f"{agent}/{task}@{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    )
