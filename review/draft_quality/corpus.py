"""What drafts are measured on: what the agent has learnt, and tickets whose reply is known."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from agents.evals.models import OUT_OF_SCOPE
from agents.local_model.errors import UnreadableExamples
from agents.local_model.example_files import read_records, string_of
from agents.local_model.languages import detect_language
from agents.local_model.ranking import PastReply, merged
from agents.triage.rehearsal import UNSORTED
from review.demo import files


@dataclass(frozen=True, kw_only=True)
class Case:
    """A ticket whose answer is known.

    right: the group of the past replies that are right for it; None where it is out of scope and
    none is. article: the slug of the main article of the right reply, "" where none is known.
    reference: the reply that a person gave.
    """

    id: str
    conversation: dict[str, Any]
    category: str
    right: str | None
    article: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """What is learnt from, and what is measured on; no case is in both.

    lessons: messages with their categories, empty where past replies have no categories.
    groups: past reply's id to its group; replies of one group are as right as each other.
    """

    company: Mapping[str, Any]
    lessons: Sequence[tuple[str, str]]
    past_replies: Sequence[PastReply]
    groups: Mapping[str, str]
    cases: Sequence[Case]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which field of a line holds what. category: "" where there are none.

    strip: what is taken out of questions and replies before anything else.
    """

    id: str = "id"
    question: str
    reply: str
    group: str
    category: str = ""
    strip: Sequence[re.Pattern[str]] = ()


def demo_corpus(part: str) -> Corpus:
    """Return the demo company: learnt from as it is installed, measured on one part's tickets."""
    tickets = files.lines("tickets")
    examples = [ticket for ticket in tickets if ticket["part"] == "examples"]
    questions: dict[str, list[str]] = defaultdict(list)
    for ticket in examples:
        questions[ticket["past_reply"]].append(f"{ticket['subject']}\n\n{ticket['body']}")
    past = files.past_replies()
    return Corpus(
        company={
            "products": files.company()["products"],
            "order_number_patterns": files.company()["order_number_patterns"],
        },
        lessons=[
            *((f"{row['subject']}\n\n{row['body']}", row["category"]) for row in examples),
            *((row["question"], row["category"]) for row in past.values()),
        ],
        past_replies=[
            PastReply(
                id=key,
                category=row["category"],
                questions=(row["question"], *questions[key]),
                reply=row["reply"],
                articles=tuple(row["articles"]),
            )
            for key, row in past.items()
        ],
        groups={key: key for key in past},
        cases=[_demo_case(ticket) for ticket in tickets if ticket["part"] == part],
    )


def _demo_case(ticket: dict[str, Any]) -> Case:
    turns = [{"from": "customer", "body": ticket["body"]}, *(ticket.get("messages") or [])]
    return Case(
        id=ticket["external_id"],
        conversation={
            "subject": ticket["subject"],
            "customer": {"name": ticket["customer"].get("name", "")},
            "messages": turns,
        },
        category=ticket["category"],
        right=ticket["past_reply"],
        article=ticket["articles"][0] if ticket["articles"] else "",
        reference=ticket["reply"],
    )


def file_corpora(
    file: Path, layout: Layout, *, folds: int, macros: Path | None = None, macro_field: str = ""
) -> list[Corpus]:
    """Return one corpus a fold: its lines measured, those of the other folds learnt from.

    A line belongs to the fold that the SHA-256 of its id says. Without macros every line's reply
    is a past reply; with them each macro is one, known by the questions of its group. Raises
    UnreadableExamples.
    """
    lines = _read_lines(file, layout)
    canned = _read_macros(macros, layout, macro_field) if macros else {}
    corpora = []
    for fold in range(folds):
        learnt = [line for line in lines if _fold(line.id, folds) != fold]
        held = [line for line in lines if _fold(line.id, folds) == fold]
        if learnt and held:
            corpora.append(_corpus(learnt, held, canned, is_sorted=bool(layout.category)))
    return corpora


@dataclass(frozen=True, kw_only=True)
class _Line:
    id: str
    question: str
    reply: str
    group: str
    category: str


def _read_lines(file: Path, layout: Layout) -> list[_Line]:
    lines = []
    for number, record in read_records(file):
        where = f"{file}, line {number}"
        category = string_of(record, layout.category, where) if layout.category else UNSORTED
        line = _Line(
            id=string_of(record, layout.id, where),
            question=_stripped(string_of(record, layout.question, where), layout),
            reply=_stripped(string_of(record, layout.reply, where), layout),
            group=string_of(record, layout.group, where),
            category=category,
        )
        if line.question and line.reply and category != OUT_OF_SCOPE:
            lines.append(line)
    if not lines:
        raise UnreadableExamples(f"{file} holds no question with its reply.")
    return lines


def _read_macros(file: Path, layout: Layout, field: str) -> dict[str, str]:
    """Return the groups' macros."""
    return {
        string_of(record, layout.group, f"{file}, line {number}"): _stripped(
            string_of(record, field, f"{file}, line {number}"), layout
        )
        for number, record in read_records(file)
    }


def _stripped(text: str, layout: Layout) -> str:
    for pattern in layout.strip:
        text = pattern.sub(" ", text)
    return re.sub(r"[ \t]+", " ", text).strip()


def _fold(key: str, folds: int) -> int:
    return int.from_bytes(sha256(key.encode()).digest()[:8]) % folds


def _corpus(
    learnt: Sequence[_Line], held: Sequence[_Line], canned: Mapping[str, str], *, is_sorted: bool
) -> Corpus:
    past = _macro_replies(learnt, canned) if canned else merged(map(_past_reply, learnt))
    groups = {key: key for key in canned} if canned else {line.id: line.group for line in learnt}
    return Corpus(
        company={"products": [], "order_number_patterns": []},
        lessons=[(line.question, line.category) for line in learnt] if is_sorted else [],
        past_replies=past,
        groups=groups,
        cases=[
            Case(
                id=line.id,
                conversation={
                    "subject": "",
                    "customer": {"name": ""},
                    "messages": [{"from": "customer", "body": line.question}],
                },
                category=line.category,
                right=line.group,
                article="",
                reference=line.reply,
            )
            for line in held
        ],
    )


def _macro_replies(learnt: Sequence[_Line], canned: Mapping[str, str]) -> list[PastReply]:
    known: dict[str, list[_Line]] = defaultdict(list)
    for line in learnt:
        known[line.group].append(line)
    return [
        PastReply(
            id=group,
            category=lines[0].category,
            questions=tuple(line.question for line in lines),
            reply=canned[group],
            language=detect_language([canned[group]]),
        )
        for group, lines in known.items()
        if group in canned
    ]


def _past_reply(line: _Line) -> PastReply:
    return PastReply(
        id=line.id,
        category=line.category,
        questions=(line.question,),
        reply=line.reply,
        language=detect_language([line.reply]),
    )
