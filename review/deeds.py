"""What agents looked up and did for a ticket, as it is read by whoever decides what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.tools.registry import tools_of
from review.actions import in_words

MOST_FACTS = 24
MOST_DEEDS = 20
LONGEST_FACT = 200
STATES = {
    "done": "Done",
    "failed": "Not done",
    "rejected": "Refused",
    "answered": "Answered instead",
    "unknown": "Unclear",
    "intended": "Under way",
}
# What is read first of what was found: PostgreSQL keeps no order of a document's parts.
READ_FIRST = (
    "order_number", "status", "can_be_changed", "name", "lines", "orders", "items", "total",
    "paid", "refunded", "currency", "payment_method", "deliver_to", "address", "country",
    "placed_at", "sent_on", "delivered_on",
)  # fmt: skip
# A JSON list of the calls of the ticket's runs, and of the effects whose run never wrote the call.
# The words of either may be erased.
FOUND = """
SELECT coalesce(jsonb_agg(jsonb_build_object(
    'agent', deed.agent, 'tool', deed.tool, 'effect', deed.effect, 'arguments', deed.arguments,
    'status', deed.status, 'result', deed.result
) ORDER BY deed.at), '[]') FROM (
    SELECT agent.slug AS agent, step.tool, given.content -> 'effect' AS effect,
        coalesce(told.content -> 'arguments', given.content -> 'arguments') AS arguments,
        told.content ->> 'status' AS status, told.content -> 'result' AS result,
        step.finished_at AS at
    FROM review_ticketrun link
    JOIN agents_run run ON run.id = link.run_id
    JOIN agents_agent agent ON agent.id = run.agent_id
    JOIN agents_step step ON step.run_id = run.id AND step.kind = 'tool'
    LEFT JOIN agents_runpayload given ON given.id = step.input_id
    LEFT JOIN agents_runpayload told ON told.id = step.result_id
    WHERE link.ticket_id = %(ticket)s
    UNION ALL
    SELECT agent.slug, effect.tool, '"write"', arguments.content, effect.state,
        to_jsonb(effect.detail), effect.intended_at
    FROM review_ticketrun link
    JOIN agents_run run ON run.id = link.run_id
    JOIN agents_agent agent ON agent.id = run.agent_id
    JOIN agents_effect effect ON effect.run_id = run.id
    LEFT JOIN agents_runpayload arguments ON arguments.id = effect.arguments_id
    WHERE link.ticket_id = %(ticket)s AND NOT EXISTS (
        SELECT FROM agents_step step
        WHERE step.run_id = run.id AND step.key = split_part(effect.step_key, '/', 1)
    )
) deed
"""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that a tool found."""

    label: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One call. words: what it was; state: what came of it; said: why, where it was not done."""

    words: str
    state: str
    status: str
    is_read: bool
    said: str = ""
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, kw_only=True)
class Deeds:
    """The calls for a ticket: what only looked something up, and what was to change something."""

    looked_up: Sequence[Deed] = ()
    acts: Sequence[Deed] = ()


def deeds_of(rows: Sequence[Mapping[str, Any]]) -> Deeds:
    """Return the calls from the JSON of FOUND, oldest first, those of erased runs left out."""
    deeds = [_deed(row) for row in rows[-MOST_DEEDS:] if isinstance(row["arguments"], Mapping)]
    return Deeds(
        looked_up=[deed for deed in deeds if deed.is_read],
        acts=[deed for deed in deeds if not deed.is_read],
    )


def described(agent: str, tool: str, arguments: Any) -> str:
    """Return a call in words, "" where its tool has none for it."""
    known = tools_of(agent).get(tool)
    if known is None or known.describe is None or not isinstance(arguments, Mapping):
        return ""
    return known.describe(arguments)[:LONGEST_FACT]


def _deed(row: Mapping[str, Any]) -> Deed:
    status, result = str(row["status"]), row["result"]
    is_done = status == "done"
    return Deed(
        words=described(row["agent"], row["tool"], row["arguments"]) or in_words(row["tool"]),
        state=STATES.get(status, in_words(status)),
        status=status,
        is_read=row["effect"] == "read",
        said="" if is_done or not isinstance(result, str) else result[:LONGEST_FACT],
        facts=facts_of(result) if is_done and isinstance(result, Mapping) else (),
    )


def facts_of(result: Mapping[str, Any]) -> Sequence[Fact]:
    """Return what was found, a line each; what is empty is left out."""
    facts = [
        Fact(label=in_words(str(name)), text=_text(value)[:LONGEST_FACT])
        for name, value in sorted(result.items(), key=_place)
        if value not in (None, "", [], {})
    ]
    return facts[:MOST_FACTS]


def _place(fact: tuple[str, Any]) -> tuple[int, str]:
    name = str(fact[0])
    return READ_FIRST.index(name) if name in READ_FIRST else len(READ_FIRST), name


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " · ".join(_text(one) for one in value.values() if one not in (None, ""))
    if isinstance(value, list):
        return "; ".join(_text(one) for one in value)
    return str(value)
