"""Calling a tool from within a run: asked for where a person must agree, and done once."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

from agents import effects
from agents.errors import ChangedSinceApproved, ToolError, ToolFailed
from agents.journal import Journal, Outcome
from agents.models import Effect, Pause, Step
from agents.pauses import Answer, Paused, answer_of
from agents.tools.limits import count_call
from agents.tools.loops import goes_in_circles
from agents.tools.registry import Misfit, Tool, tools_of
from observability.failures import count_failure
from observability.payloads import digest

log = logging.getLogger(__name__)

# What a person may find of a call whose end is unclear.
WAS_DONE, DO_AGAIN, LEAVE = "It was done", "It was not done: do it now", "It was not done: leave it"


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
    Raises ToolError for a stranger, a limit or a call that goes in circles: the run is handed over.
    """
    written = journal.written(key)
    if written is not None:
        return Told(**written)
    tool = tools_of(journal.run.agent.slug).get(name)
    if tool is None:
        said = f"The agent asked for a tool called “{name}”, which it does not have."
        raise _refusal(journal, name, said)
    if goes_in_circles(journal.calls, name, arguments):
        said = f"The agent went in circles: it called {name} with the same again."
        raise _refusal(journal, name, said)
    if misfit := tool.misfit_of(arguments):
        told = Told(status="failed", result=_in_words(misfit), arguments=arguments)
    elif tool.effect == tool.effect_with(arguments) == "read":
        return _read(journal, key, tool, arguments)
    elif journal.is_shadow:
        told = Told(status="shadow", result=None, arguments=arguments)
    else:
        told = _countersigned(journal, key, tool, arguments, why)
    return _write(journal, key, tool, arguments, lambda: told)


def _refusal(journal: Journal, name: str, said: str) -> ToolError:
    _count(journal, name)
    return ToolError(said)


def _count(journal: Journal, name: str) -> None:
    environment = journal.run.environment  # a shadow run's failures are not live's
    count_failure("tool", name, ToolError.error_type, environment=environment)


def _in_words(misfit: Misfit) -> str:
    return f"{misfit.where}: {misfit.message}"


def _read(journal: Journal, key: str, tool: Tool, arguments: Mapping[str, Any]) -> Told:
    """Return what the tool found. Reading again does no harm, so a doubt is a failure."""

    def told() -> Told:
        made = sum(one.tool == tool.name for one in journal.calls)
        count_call(journal.run.agent, tool, made, is_shadow=journal.is_shadow)
        try:
            result = effects.call(tool, arguments, effects.context_of(journal, tool, key))
        except ToolFailed as error:
            return Told(status="failed", result=str(error), arguments=arguments)
        except Exception as error:
            log.exception("%s failed", tool.name)
            _count(journal, tool.name)
            said = f"{tool.name} failed with {type(error).__name__}."
            return Told(status="failed", result=said, arguments=arguments)
        return Told(status="done", result=result, arguments=arguments)

    return _write(journal, key, tool, arguments, told)


def _write(journal: Journal, key: str, tool: Tool, arguments: Mapping[str, Any], told: Any) -> Told:
    """Return what came of the call, written as the step's result. told: it, or how to get it."""

    def work() -> Outcome:
        end: Told = told() if callable(told) else told
        return Outcome(result=vars(end), attributes={"countersign.tool.status": end.status})

    effect = tool.effect_with(arguments)
    result = journal.step(
        key,
        Step.Kind.TOOL,
        work,
        given={"tool": tool.name, "arguments": dict(arguments), "effect": effect},
        attributes={"countersign.tool.effect": effect},
        tool=tool.name,
    )
    return Told(**result)


def _countersigned(
    journal: Journal, key: str, tool: Tool, arguments: Mapping[str, Any], why: str
) -> Told:
    """Return what came of a call that changes something, once a person has agreed to it."""
    found = answer_of(journal.run, key)
    if found is None:
        raise Paused(key, _proposal(tool, arguments, why))
    pause, answer = found
    if answer.verdict == "reject":
        return Told(status="rejected", result=answer.reason, arguments=arguments)
    if answer.verdict == "respond":
        return Told(status="answered", result=answer.final, arguments=arguments)
    _require_bound(pause, answer, tool)
    if misfit := tool.misfit_of(answer.final):
        return Told(status="failed", result=_in_words(misfit), arguments=answer.final)
    return _carried_out(journal, key, tool, answer.final, answer.revision)


def _carried_out(
    journal: Journal, key: str, tool: Tool, arguments: Mapping[str, Any], revision: int
) -> Told:
    """Return how it ended; where nobody can know, ask a person, and do it again if they say so."""
    for number in count(1):
        effect_key = key if number == 1 else f"{key}/{number}"
        question = f"{effect_key}/unknown"
        end = effects.carry_out(journal, effect_key, tool, arguments, revision=revision)
        if end.effect.state == Effect.State.UNKNOWN:
            said = _found(journal, question, tool, arguments, end.effect)
            state = Effect.State.DONE if said == WAS_DONE else Effect.State.FAILED
            end = effects.settle(end.effect, state, said)
        # Read from the answer: an earlier attempt may have settled it, and died or paused after.
        if end.effect.state == Effect.State.FAILED and _said(journal, question) == DO_AGAIN:
            continue
        status: Any = "done" if end.effect.state == Effect.State.DONE else "failed"
        return Told(status=status, result=end.result, arguments=arguments)
    raise AssertionError  # count() has no end


def _found(
    journal: Journal, key: str, tool: Tool, arguments: Mapping[str, Any], effect: Effect
) -> str:
    """Return what a person found of the unclear call; pause until somebody has looked."""
    said = _said(journal, key)
    if said is None:
        raise Paused(key, question_about(tool.name, arguments, effect))
    return said


def _said(journal: Journal, key: str) -> str | None:
    """Return what a person said of the unclear call, None while nobody has."""
    found = answer_of(journal.run, key)
    if found is None:
        return None
    _, answer = found
    return str(answer.final) if answer.verdict in {"approve", "edit"} else LEAVE


def question_about(tool: str, arguments: Mapping[str, Any], effect: Effect) -> dict[str, Any]:
    """Return the proposal that asks a person how an unclear call ended."""
    values = ", ".join(f"{name}: {value}" for name, value in arguments.items())
    return {
        "actions": [
            {
                "kind": "decision",
                "question": f"Was this done? {tool} ({values})"[:300],
                "description": (
                    f"{effect.detail} Look where it would show, then say what you found."
                    f" Its key there is {effect.idempotency_key}."
                ),
                "schema": {"enum": [WAS_DONE, DO_AGAIN, LEAVE]},
                "suggested": None,
                "allows": ["edit", "reject"],
            }
        ],
        "why": "unknown",
    }


def _proposal(tool: Tool, arguments: Mapping[str, Any], why: str) -> dict[str, Any]:
    return {
        "actions": [
            {
                "kind": "tool_call",
                "name": tool.name,
                "description": why,
                "arguments": dict(arguments),
                "schema": dict(tool.schema),
                "effect": tool.effect_with(arguments),
                "allows": ["approve", "edit", "reject", "respond"],
            }
        ],
        "why": "acts",
    }


def _require_bound(pause: Pause, answer: Answer, tool: Tool) -> None:
    """Refuse to do anything but the very bytes that a person agreed to."""
    actions = (pause.proposal.content or {"actions": [{}]})["actions"]
    (action,) = actions
    is_whole = (
        pause.digest == digest({"actions": actions}) == answer.proposed_digest
        and digest(answer.final) == answer.final_digest
        and action.get("name") == tool.name
        and (answer.verdict == "edit" or answer.final == action.get("arguments"))
    )
    if not is_whole:
        raise ChangedSinceApproved(
            f"{tool.name} is not what was approved any more, so it was not done."
        )
