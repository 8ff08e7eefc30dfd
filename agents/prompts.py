"""Prompts: one a task, known by the hash of its text. A file is the default."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent
# What `model_step` fills in, for every task.
COMMON: Mapping[str, str] = {
    "company": "the company's name",
    "support_name": "how support signs its replies",
}
# What a task fills in besides: {task: {variable: what it is}}.
VARIABLES: Mapping[str, Mapping[str, str]] = {}


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A prompt's text. version: `agent/task@hash`, stored with every call that used it."""

    text: str
    version: str

    @classmethod
    def edited(cls, agent: str, task: str, text: str) -> "Prompt":
        """Return the prompt of a task with this text."""
        version = hashlib.sha256(text.encode()).hexdigest()[:12]
        return cls(text=text, version=f"{agent}/{task}@{version}")

    @property
    def short(self) -> str:
        """The hash alone."""
        return self.version.partition("@")[2]

    def render(self, **variables: str) -> str:
        """Return the text with its `$variables` filled. Raises KeyError for a missing one."""
        return Template(self.text).substitute(variables)


@cache
def prompt(agent: str, task: str) -> Prompt:
    """Return the agent's own prompt for a task, as its file says it."""
    text = (FOLDER / agent / "prompts" / f"{task}.md").read_text(encoding="utf-8")
    return Prompt.edited(agent, task, text)


@cache
def shipped_prompt(agent: str, task: str) -> Prompt | None:
    """Return the prompt that came with the release, None where none came."""
    return prompt(agent, task) if task in tasks_of(agent) else None


def tasks_of(agent: str) -> list[str]:
    """Return the task types that the agent has a prompt for."""
    return sorted(file.stem for file in (FOLDER / agent / "prompts").glob("*.md"))


def variables_of(task: str) -> Mapping[str, str]:
    """Return what the task fills into its prompt: each variable, and what it is."""
    return {**COMMON, **VARIABLES.get(task, {})}
