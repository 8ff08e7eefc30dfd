"""The tools agents may call: what each takes, what it does to the world, and how often it may.

A tool is registered by the code that owns it, at start-up; agents know it by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Effect = Literal["read", "write", "irreversible"]
# An attempt at a run has time for one such call, whatever it did before.
LONGEST_TIMEOUT_S = 60


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """What a tool knows of who calls it. key: the idempotency key of the call.

    subject: whom the run is about, as its input says (`customer`, …): a tool looks nowhere else.
    timeout_s: when the caller stops to wait.
    """

    run_id: int
    key: str
    subject: Mapping[str, Any]
    timeout_s: float


class Call(Protocol):
    """Do what the tool does and return JSON. Raises ToolFailed when it surely was not done.

    Anything else it raises leaves open whether it was done. It gives up by itself after
    `context.timeout_s`.
    """

    def __call__(self, arguments: Mapping[str, Any], context: ToolContext) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """What is wrong with a call's arguments. rule: the JSON Schema keyword that is broken.

    message: names the value, which may be personal.
    """

    where: str
    rule: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool. schema: JSON Schema of its arguments, an object. effect: at worst.

    takes_key: whether a second call under the same key does nothing more. effect_of: what these
    very arguments do, where that is less or more than `effect` says. amount_of: the money they
    move, for policies. is_local: it works on this installation's database, so it is called in the
    caller's own thread and needs no other watch over its time. describe: the call in words, for a
    person. timeout_s: at most 60. Limits are None for none. Raises ValueError.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    effect: Effect
    call: Call
    takes_key: bool = False
    is_local: bool = False
    timeout_s: float = 15
    per_run: int | None = None
    per_minute: int | None = None
    per_day: int | None = None
    effect_of: Callable[[Mapping[str, Any]], Effect] | None = None
    amount_of: Callable[[Mapping[str, Any]], float] | None = None
    describe: Callable[[Mapping[str, Any]], str] | None = None

    def __post_init__(self) -> None:
        if not 0 < self.timeout_s <= LONGEST_TIMEOUT_S:
            raise ValueError(f"{self.name}: timeout_s is above 0 and at most {LONGEST_TIMEOUT_S}.")

    def effect_with(self, arguments: Mapping[str, Any]) -> Effect:
        """Return what a call with these arguments does to the world."""
        return self.effect_of(arguments) if self.effect_of else self.effect

    def misfit_of(self, arguments: Mapping[str, Any]) -> Misfit | None:
        """Return what is wrong with the arguments first, None when they fit the schema."""
        from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow, and only for tools

        found = Draft202012Validator(dict(self.schema)).iter_errors(dict(arguments))
        error = min(found, key=str, default=None)
        if error is None:
            return None
        where = ".".join(str(part) for part in error.absolute_path) or "arguments"
        return Misfit(where=where, rule=str(error.validator), message=error.message)


_tools: dict[str, dict[str, Tool]] = {}


def register(agent: str, *tools: Tool) -> None:
    """Let the agent call these tools; one of the same name is replaced."""
    known = _tools.setdefault(agent, {})
    known.update({tool.name: tool for tool in tools})


def tools_of(agent: str) -> Mapping[str, Tool]:
    """Return the agent's tools by name."""
    return dict(_tools.get(agent, {}))


def forget(agent: str) -> None:
    """Take all tools from the agent."""
    _tools.pop(agent, None)
