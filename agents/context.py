"""What of a document a model is given: the newest and the nearest first, inside a budget. Pure.

Budgets are in characters, of which a token has about four in English and one in Chinese: together
they are some 16,000 tokens of the one and 64,000 of the other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

CONVERSATION_CHARS = 20_000
QUESTION_CHARS = 8_000
ARTICLES_CHARS = 12_000
PAST_REPLIES_CHARS = 24_000
LONGEST_SUBJECT = 500
# Less than this of a message helps nobody.
LEAST_PART = 200


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What was left out, in characters. what: a part of the document."""

    what: str
    kept: int
    of: int


def fit_document(document: dict[str, Any]) -> tuple[dict[str, Any], list[Cut]]:
    """Return the document inside the budgets, and what was cut for that.

    Past replies are taken whole or not at all: a model may send one on word by word.
    """
    fitted = dict(document)
    cuts: list[Cut] = []
    if "conversation" in document:
        fitted["conversation"], cuts = fit(document["conversation"], CONVERSATION_CHARS)
    if "question" in document:
        fitted["question"] = shortened(document["question"], QUESTION_CHARS)
        cuts += _cut("question", fitted["question"], document["question"])
    if "articles" in document:
        fitted["articles"], more = _fit_articles(document["articles"], ARTICLES_CHARS)
        cuts += more
    if "past_replies" in document:
        fitted["past_replies"], more = _whole(document["past_replies"], PAST_REPLIES_CHARS)
        cuts += more
    return fitted, cuts


def fit(conversation: dict[str, Any], budget_chars: int) -> tuple[dict[str, Any], list[Cut]]:
    """Return the conversation with at most `budget_chars` of messages, and what was cut.

    The newest message comes first, and none takes more than half of the budget: what is longer
    keeps its beginning and its end. What then finds no room is left out, and `left_out` says so.
    """
    messages = conversation["messages"]
    subject = shortened(conversation["subject"], LONGEST_SUBJECT)
    cuts = _cut("subject", subject, conversation["subject"])
    if sum(len(message["body"]) for message in messages) <= budget_chars:
        return {**conversation, "subject": subject}, cuts
    left = budget_chars
    kept: list[dict[str, Any]] = []
    for number, message in reversed(list(enumerate(messages, start=1))):
        room = min(left, budget_chars // 2)
        if room < min(LEAST_PART, len(message["body"])):
            break
        body = shortened(message["body"], room)
        cuts += _cut(f"message {number}", body, message["body"])
        kept.insert(0, {**message, "body": body})
        left -= len(body)
    fitted = {**conversation, "subject": subject, "messages": kept}
    older = messages[: len(messages) - len(kept)]
    if older:
        fitted["left_out"] = f"The first {len(older)} messages were left out."
        of = sum(len(message["body"]) for message in older)
        cuts.append(Cut(what=f"first {len(older)} messages", kept=0, of=of))
    return fitted, cuts


def shortened(text: str, room: int) -> str:
    """Return at most `room` characters: beginning and end, with a mark of how much is missing."""
    if len(text) <= room:
        return text
    mark_chars = len(_mark(len(text)))
    head, tail = room * 2 // 3 - mark_chars, room // 3
    if head <= 0:
        return text[:room]
    return f"{text[:head]}{_mark(len(text) - head - tail)}{text[-tail:]}"


def _mark(missing: int) -> str:
    return f"\n[… {missing:,} characters left out …]\n"


def _cut(what: str, kept: str, of: str) -> list[Cut]:
    return [] if kept == of else [Cut(what=what, kept=len(kept), of=len(of))]


def _fit_articles(
    articles: Sequence[dict[str, Any]], budget_chars: int
) -> tuple[list[dict[str, Any]], list[Cut]]:
    """Return the first articles, the last of them shortened to what room is left."""
    kept: list[dict[str, Any]] = []
    cuts: list[Cut] = []
    left = budget_chars
    for article in articles:
        text = shortened(article["text"], left)
        if text and (text == article["text"] or left >= LEAST_PART):
            kept.append({**article, "text": text})
        else:
            text = ""
        cuts += _cut(f"article {article['slug']}", text, article["text"])
        left -= len(text)
    return kept, cuts


def _whole(
    replies: Sequence[dict[str, Any]], budget_chars: int
) -> tuple[list[dict[str, Any]], list[Cut]]:
    """Return the first replies that fit as they are, each measured as JSON."""
    sizes = [len(json.dumps(reply, ensure_ascii=False)) for reply in replies]
    kept = [
        reply
        for reply, upto in zip(replies, accumulate(sizes), strict=True)
        if upto <= budget_chars
    ]
    if len(kept) == len(replies):
        return kept, []
    what = f"last {len(replies) - len(kept)} past replies"
    return kept, [Cut(what=what, kept=0, of=sum(sizes[len(kept) :]))]
