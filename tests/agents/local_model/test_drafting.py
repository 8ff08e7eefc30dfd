import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.local_model.drafting import DraftRequest, PastReply, draft

TRACK = PastReply(
    id="track",
    category="delivery",
    question="Where is my parcel? I cannot find the tracking link.",
    reply="Hello {customer_name|there},\n\nthe tracking link of {order_number|your order} is"
    " in your account.\n\nKind regards",
    articles=("tracking", "delivery-times"),
)
DAMAGED = PastReply(
    id="damaged",
    category="delivery",
    question="The parcel arrived crushed and the glass inside is broken.",
    reply="Hello {customer_name|there},\n\nplease send us a photo of the damage and of the box.",
    articles=("damaged-parcel",),
)
REFUND = PastReply(
    id="refund",
    category="refund",
    question="When do I get my money back?",
    reply="Refunds take five working days.",
    articles=("refunds",),
)
GERMAN = replace(TRACK, id="german", language="de", reply="Hallo {customer_name|du}")
ASK = DraftRequest(
    question="Where can I see the tracking of my parcel?",
    category="delivery",
    candidates=[DAMAGED, REFUND, TRACK],
    fields={"customer_name": "Ada", "order_number": "A-17"},
)


def test_the_closest_reply_of_the_category_is_filled_in() -> None:
    drafted = draft(ASK)
    assert drafted.candidate_id == "track"
    assert drafted.reply == (
        "Hello Ada,\n\nthe tracking link of A-17 is in your account.\n\nKind regards"
    )
    assert drafted.no_draft_reason == ""


def test_another_question_gets_another_reply() -> None:
    request = replace(ASK, question="The box was crushed and my cup is broken", fields={})
    drafted = draft(request)
    assert drafted.candidate_id == "damaged"
    assert drafted.reply.startswith("Hello there,")


def test_a_reply_of_another_category_is_never_used() -> None:
    drafted = draft(replace(ASK, question=REFUND.question, candidates=[REFUND]))
    assert (drafted.reply, drafted.candidate_id) == ("", None)
    assert "no past reply of this category" in drafted.no_draft_reason


def test_a_reply_in_another_language_is_never_used() -> None:
    assert draft(replace(ASK, candidates=[GERMAN])).no_draft_reason == (
        "There is no past reply in the customer's language."
    )
    assert draft(replace(ASK, candidates=[GERMAN, TRACK], language="de")).candidate_id == "german"


def test_a_distant_question_gets_no_reply() -> None:
    drafted = draft(replace(ASK, question="Qwertz zxcvb 12345"))
    assert drafted.reply == ""
    assert "close to the question" in drafted.no_draft_reason


@pytest.mark.parametrize("question", ["", " \n"])
def test_an_empty_question_gets_no_reply(question: str) -> None:
    assert draft(replace(ASK, question=question)).no_draft_reason


def test_a_malformed_template_is_passed_over() -> None:
    broken = replace(TRACK, id="broken", question=ASK.question, reply="Hello {customer_name},")
    assert draft(replace(ASK, candidates=[broken, TRACK])).candidate_id == "track"
    assert draft(replace(ASK, candidates=[broken])).no_draft_reason


def test_articles_are_those_that_retrieval_found_too() -> None:
    assert draft(ASK).articles == ("tracking", "delivery-times")
    recalled = ["returns", "delivery-times", "tracking"]
    assert draft(replace(ASK, recalled_articles=recalled)).articles == (
        "delivery-times",
        "tracking",
    )
    assert draft(replace(ASK, recalled_articles=["returns"])).articles == ()


def test_the_order_of_candidates_does_not_matter() -> None:
    backwards = replace(ASK, candidates=list(reversed(ASK.candidates)))
    assert draft(backwards).candidate_id == draft(ASK).candidate_id


values = st.text(st.characters(codec="utf-8"), max_size=40)


@given(
    question=st.sampled_from([TRACK.question, DAMAGED.question, ASK.question]),
    name=values,
    number=values,
)
def test_a_draft_holds_nothing_but_template_fallbacks_and_fields(
    question: str, name: str, number: str
) -> None:
    fields = {"customer_name": name, "order_number": number}
    drafted = draft(replace(ASK, question=question, fields=fields))
    templates = {reply.id: reply.reply for reply in (TRACK, DAMAGED)}
    template = templates[drafted.candidate_id or ""]
    # Text, slot's name, slot's fallback, text, …
    parts = re.split(r"\{(\w+)\|([^}]*)\}", template)
    expected = re.escape(parts[0])
    for slot, fallback, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        value = " ".join(fields.get(slot, "").split())
        expected += f"(?:{re.escape(value)}|{re.escape(fallback)}){re.escape(text)}"
    assert re.fullmatch(expected, drafted.reply)
