"""The resolution agent: look up, propose one action at a time, say what was done.

It works on what the triage agent has found, as `triage` in its input. Nothing it does happens
without a person's word: `call_tool` pauses the run until there is one.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agents.guardrails.steps import check_output
from agents.journal import Journal
from agents.model_steps import model_step
from agents.resolution.claims import claims_check
from agents.resolution.moves import form_for, is_call
from agents.results import Acted, Check, Proposal, RunResult
from agents.tools.calling import Told, call_tool
from agents.tools.registry import Tool, tools_of
from agents.triage.agent import citations_of, question, subject_of, with_draft
from agents.triage.redraft import NOTHING_RECALLED, recalled_by

NAME = "resolution"
TASK = "resolve"
MOST_MOVES = 8
RESULT_CHARS = 300
GIVEN_UP = f"The agent took {MOST_MOVES} steps and came to no reply."


def resolve(journal: Journal, given: dict[str, Any]) -> RunResult:
    """Return the reply to the conversation, after what was done for it.

    given: the conversation as `triage` takes it, `party`: whose it is, for tools alone, and
    `triage`: {run, category, confidence, queue, fields, draft, citations, no_draft_reason}.
    """
    found = given.get("triage") or {}
    tools = tools_of(journal.run.agent.slug)
    recalled = recalled_by(journal, found["run"]) if found.get("run") else NOTHING_RECALLED
    document = _document(journal, given, found, tools, recalled)
    form = form_for(tools)
    made: list[tuple[str, Told]] = []
    end = {"reply": "", "articles": [], "no_draft_reason": GIVEN_UP}
    for number in range(1, MOST_MOVES + 1):
        now = {**document, "done": [_as_done(name, told) for name, told in made]}
        move = model_step(journal, TASK, now, form, key=f"{TASK}-{number}")["move"]
        if not is_call(move):
            end = move
            break
        name, arguments = move["tool"], move["arguments"]
        told = call_tool(journal, f"call-{number}", name, arguments, why=move["why"])
        made.append((name, told))
    return _result(journal, given, end, tools, made, recalled)


def _document(
    journal: Journal,
    given: Mapping[str, Any],
    found: Mapping[str, Any],
    tools: Mapping[str, Tool],
    recalled: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what a model reads: never whose address it is, which is for tools alone."""
    conversation = {name: value for name, value in given.items() if name not in {"party", "triage"}}
    company = journal.run.agent.company
    return {
        "question": question(conversation),
        "category": found.get("category", ""),
        "fields": found.get("fields") or {},
        "draft": found.get("draft", ""),
        "cited": list(found.get("citations", ())),
        "no_draft_reason": found.get("no_draft_reason", ""),
        "support_name": company.get("support_name", ""),
        "tools": [
            {
                "name": tool.name,
                "description": tool.description,
                "schema": tool.schema,
                "effect": tool.effect,
            }
            for tool in tools.values()
        ],
        **recalled,
        "conversation": conversation,
    }


def _as_done(name: str, told: Told) -> dict[str, Any]:
    return {
        "tool": name,
        "arguments": dict(told.arguments),
        "status": told.status,
        "result": told.result,
    }


def _result(
    journal: Journal,
    given: Mapping[str, Any],
    end: Mapping[str, Any],
    tools: Mapping[str, Tool],
    made: Sequence[tuple[str, Told]],
    recalled: Mapping[str, Any],
) -> RunResult:
    found = given.get("triage") or {}
    reply = end["reply"].strip()
    fields = dict(found.get("fields") or {})
    return RunResult(
        proposal=Proposal(kind="draft", text=reply) if reply else None,
        no_draft_reason=end["no_draft_reason"],
        category=found.get("category", ""),
        confidence=float(found.get("confidence", 1.0)),
        queue=found.get("queue") or journal.run.agent.fallback_queue,
        language=fields.get("language", "en"),
        urgency=fields.get("urgency", "normal"),
        fields=fields,
        citations=citations_of(end["articles"], recalled["articles"]),
        checks=_checks(journal, given, {**end, "reply": reply}, tools, made, recalled),
        acted=tuple(_acted(name, tools, told) for name, told in made),
    )


def _changed(tools: Mapping[str, Tool], made: Sequence[tuple[str, Told]]) -> set[str]:
    """Return the names of the tools that have changed something."""
    return {
        name
        for name, told in made
        if told.status == "done" and (name not in tools or tools[name].effect != "read")
    }


def _checks(
    journal: Journal,
    given: Mapping[str, Any],
    written: Mapping[str, Any],
    tools: Mapping[str, Tool],
    made: Sequence[tuple[str, Told]],
    recalled: Mapping[str, Any],
) -> tuple[Check, ...]:
    """Return what the guardrails find in the reply. What tools have said is a source of its own."""
    if not written["reply"]:
        return ()
    conversation = {name: value for name, value in given.items() if name != "triage"}
    fields = (given.get("triage") or {}).get("fields") or {}
    subject = replace(
        subject_of(journal.run.agent, conversation, fields),
        known=tuple(_as_known(name, told) for name, told in made),
    )
    found = check_output(journal, with_draft(subject, written, recalled))
    changed = _changed(tools, made)
    if changed and not written["articles"]:
        # It rests on what was done, not on an article.
        found = tuple(check for check in found if check.name != "sources")
    return (*found, claims_check(written["reply"], changed))


def _as_known(name: str, told: Told) -> str:
    """Return what a tool said as a text, its sums with their currency behind them."""
    said = json.dumps(_as_done(name, told), ensure_ascii=False)
    if not isinstance(told.result, Mapping) or "currency" not in told.result:
        return said
    sums = [str(one) for one in told.result.values() if re.fullmatch(r"\d+\.\d\d", str(one))]
    return "\n".join([said, *(f"{one} {told.result['currency']}" for one in sums)])


def _acted(name: str, tools: Mapping[str, Tool], told: Told) -> Acted:
    said = told.result if isinstance(told.result, str) else json.dumps(told.result)
    return Acted(
        tool=name,
        effect=tools[name].effect_with(told.arguments) if name in tools else "write",
        arguments=dict(told.arguments),
        status=told.status,
        result=said[:RESULT_CHARS],
    )
