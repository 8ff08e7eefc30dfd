"""A step's JSON, readable: what is known has its form, the rest is JSON, all of it bounded."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from review.readable import (
    LONGEST_RAW,
    LONGEST_TEXT,
    LONGEST_TEXTS,
    MOST_ENTRIES,
    Block,
    Content,
    gist,
    readable,
)

MESSAGES = [{"from": "customer", "body": "Where is it?", "at": "2026-03-02T09:00:00+00:00"}]
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)
names = st.sampled_from(
    ["system", "document", "conversation", "messages", "articles", "checks", "reply", "category"]
)


def block(content: Content, title: str) -> Block:
    return next(block for block in content.blocks if block.title == title)


def test_what_a_model_was_given_is_read_from_instructions_to_sources() -> None:
    content = readable(
        {
            "document": {
                "articles": [
                    {"slug": "a", "title": "Delivery times", "text": "Two days.", "score": 0.5}
                ],
                "category": "delivery",
                "conversation": {"subject": "Parcel", "messages": MESSAGES},
                "question": "Parcel\n\nWhere is it?",
            },
            "system": "You draft the reply.",
        }
    )
    assert [block.kind for block in content.blocks] == ["prompt", "messages", "facts", "sources"]
    message = block(content, "Conversation: Parcel").entries[0]
    assert (message.term, message.value) == ("Customer", "2026-03-02 09:00")
    assert message.text is not None
    assert message.text.text == "Where is it?"
    article = block(content, "Articles").entries[0]
    assert (article.term, article.value) == ("Delivery times", "0.50")


def test_checks_are_a_list_of_what_passed_and_what_is_wrong() -> None:
    checks = [
        {"name": "slots", "passed": True, "detail": "A placeholder was not filled in."},
        {"name": "length", "passed": False, "detail": "The draft is too long."},
    ]
    entries = block(readable({"checks": checks}), "Checks").entries
    assert [(entry.term, entry.passed, entry.value) for entry in entries] == [
        ("Slots", True, ""),
        ("Length", False, "The draft is too long."),
    ]


def test_a_classification_is_read_as_facts() -> None:
    others = [{"category": "invoice", "confidence": 0.05}]
    content = readable({"category": "delivery", "confidence": 0.9, "alternatives": others})
    (facts,) = content.blocks
    assert [(entry.term, entry.value) for entry in facts.entries] == [
        ("Category", "delivery"),
        ("Confidence", "0.9"),
        ("Alternatives", "invoice 0.05"),
    ]


def test_a_result_in_a_few_words() -> None:
    assert gist({"category": "delivery", "confidence": 0.9}) == "delivery, 0.90"
    assert gist({"queue": "orders"}) == "to orders"
    assert gist({"checks": [{"passed": True}, {"passed": False}]}) == "1 of 2 failed"
    assert gist({"reply": "Hello Ada"}) == "2 words"
    assert gist({"reply": ""}) == "no draft"
    assert gist(["something else"]) == ""


def test_a_megabyte_is_cut_and_says_so() -> None:
    messages = [{**MESSAGES[0], "body": "x" * 1_000_000}] * 100
    content = readable({"document": {"conversation": {"messages": messages}}})
    conversation = block(content, "Conversation")
    assert (len(conversation.entries), conversation.left_out) == (MOST_ENTRIES, 60)
    text = conversation.entries[0].text
    assert text is not None
    assert (len(text.text), text.length, text.is_cut) == (LONGEST_TEXT, 1_000_000, True)
    assert len(content.raw.text) == LONGEST_RAW
    assert (
        sum(len(entry.text.text) for entry in conversation.entries if entry.text) == LONGEST_TEXTS
    )


@given(anything | st.dictionaries(names, anything))
def test_any_json_is_readable_and_bounded(content: Any) -> None:
    said = readable(content)
    gist(content)
    assert len(said.raw.text) <= LONGEST_RAW
    for part in said.blocks:
        assert len(part.entries) <= MOST_ENTRIES
