"""What an agent proposes, as a person reads it, and what an answer to it comes to. Pure.

A proposal is stored as {"actions": [...]}. Each action is one of

- {"kind": "draft", "text"}
- {"kind": "decision", "question", "description", "schema", "suggested", "allows"}
- {"kind": "tool_call", "name", "description", "arguments", "schema", "effect", "allows"}
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from observability.payloads import digest
from review import schema_check
from review.edits import compare
from review.errors import EmptyAnswer, EmptyReply, NotAllowed, ReplyTooLong, UnfitAnswer

Kind = Literal["draft", "decision", "tool_call"]
Said = Literal["go", "reject", "respond"]

LONGEST_REPLY = 20_000
LONGEST_REASON = 500
EFFECTS = {
    "read": "It looks something up and changes nothing.",
    "write": "It changes something that can be put right afterwards.",
    "irreversible": "It changes something and cannot be undone.",
}


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing an agent wants to happen.

    proposed: a draft's text, the value suggested for a decision (None: none), a call's arguments.
    title: what is asked, or the tool's name in words. allows: kinds of verdict.
    """

    kind: Kind
    proposed: Any
    title: str = ""
    name: str = ""
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    effect: str = ""
    allows: frozenset[str] = frozenset({"approve", "edit", "reject"})

    @property
    def can_change(self) -> bool:
        """Whether a person may put something else in the proposal's place."""
        return "edit" in self.allows

    @property
    def consequence(self) -> str:
        """What doing it means, in a sentence."""
        return EFFECTS.get(self.effect, "")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a reviewer says to one action. final: what should happen, where they say go;
    words: the reason of a rejection, or the response."""

    said: Said
    final: Any = None
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What an answer comes to. final: the text or JSON that counts, None for a rejection.

    succeeded: None where there was no draft to judge.
    """

    kind: Literal["approve", "edit", "reject", "respond"]
    final: Any = None
    edit_operations: int | None = None
    words_kept_ratio: float | None = None
    succeeded: bool | None = None
    reason: str = ""

    @property
    def final_digest(self) -> str:
        """The digest of what counts, "" for a rejection."""
        return "" if self.final is None else digest(self.final)

    @property
    def acts(self) -> bool:
        """Whether something happens because of it."""
        return self.kind in {"approve", "edit"}


def actions_of(content: Mapping[str, Any] | None) -> tuple[Action, ...]:
    """Return the actions of a stored proposal, none of an erased one."""
    return tuple(_action(action) for action in (content or {}).get("actions", ()))


def in_words(name: str) -> str:
    """Return a name as a program writes it in words: `refund_order` → `Refund order`."""
    words = name.replace("_", " ").replace("-", " ").replace(".", " ").split()
    return " ".join(words)[:1].upper() + " ".join(words)[1:]


def judge(action: Action, answer: Answer) -> Judged:
    """Return what the answer comes to.

    Raises EmptyReply, ReplyTooLong, EmptyAnswer, NotAllowed or UnfitAnswer.
    """
    if answer.said == "reject":
        _require(action, "reject")
        failed = False if action.kind == "draft" and action.proposed else None
        reason = answer.words.strip()[:LONGEST_REASON]
        return Judged(kind="reject", succeeded=failed, reason=reason)
    if answer.said == "respond":
        _require(action, "respond")
        words = answer.words.strip()
        if not words:
            raise EmptyAnswer
        return Judged(kind="respond", final=words, edit_operations=0)
    return _judge_draft(action, answer) if action.kind == "draft" else _judge_value(action, answer)


def changed_leaves(before: Any, after: Any) -> int:
    """Return at how many places the second JSON value differs from the first."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return sum(
            changed_leaves(before.get(key), after.get(key)) for key in before.keys() | after.keys()
        )
    if isinstance(before, list) and isinstance(after, list):
        longest = max(len(before), len(after))
        both = [side + [None] * (longest - len(side)) for side in (before, after)]
        return sum(changed_leaves(old, new) for old, new in zip(*both, strict=True))
    return int(json.dumps(before) != json.dumps(after))


def _action(stored: Mapping[str, Any]) -> Action:
    kind = stored["kind"]
    if kind == "draft":
        return Action(kind=kind, proposed=str(stored.get("text", "")), title="Reply")
    common: dict[str, Any] = {
        "kind": kind,
        "description": str(stored.get("description", "")),
        "schema": stored.get("schema") or {},
        "allows": frozenset(stored.get("allows") or ()),
    }
    if kind == "decision":
        return Action(
            proposed=stored.get("suggested"), title=str(stored.get("question", "")), **common
        )
    return Action(
        proposed=stored.get("arguments"),
        title=in_words(str(stored.get("name", ""))),
        name=str(stored.get("name", "")),
        effect=str(stored.get("effect", "")),
        **common,
    )


def _judge_draft(action: Action, answer: Answer) -> Judged:
    text, draft = one_form(str(answer.final or "")), one_form(action.proposed)
    if not text:
        raise EmptyReply
    if len(text) > LONGEST_REPLY:
        raise ReplyTooLong
    comparison = compare(action.proposed, text)
    return Judged(
        kind="approve" if text == draft else "edit",
        final=text,
        edit_operations=comparison.operations,
        words_kept_ratio=comparison.words_kept_ratio,
        succeeded=comparison.succeeds if action.proposed else None,
    )


def _judge_value(action: Action, answer: Answer) -> Judged:
    if digest(answer.final) == digest(action.proposed):
        _require(action, "approve")
        return Judged(kind="approve", final=answer.final, edit_operations=0)
    _require(action, "edit")
    if answer.final is None or schema_check.problems(action.schema, answer.final):
        raise UnfitAnswer
    changed = changed_leaves(action.proposed, answer.final)
    return Judged(kind="edit", final=answer.final, edit_operations=max(1, changed))


def _require(action: Action, kind: str) -> None:
    if kind not in action.allows:
        raise NotAllowed


def one_form(text: str) -> str:
    """Return the text with one kind of line end and nothing around it, as it can be stored."""
    # PostgreSQL's text holds no NUL.
    return text.replace("\r\n", "\n").replace("\x00", "").strip()


def mark(kind: str, final_digest: str) -> str:
    """Return what two people's answers are told apart by: the bytes, and whether they are done."""
    return f"{kind}:{final_digest}" if kind in {"reject", "respond"} else final_digest


def acting(judged: Sequence[Judged]) -> bool:
    """Return whether anything happens because of these answers."""
    return any(one.acts for one in judged)
