import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agents.local_model.drafting import LEAST_SIMILARITY, Candidate, DraftRequest, draft

TRACK = Candidate(
    id="track",
    reply="Hello {customer_name|there},\n\nthe tracking link of {order_number|your order} is"
    " in your account.\n\nKind regards",
    similarity=0.8,
    articles=("tracking", "delivery-times"),
)
DAMAGED = Candidate(
    id="damaged",
    reply="Hello {customer_name|there},\n\nplease send us a photo of the damage and of the box.",
    similarity=0.6,
    articles=("damaged-parcel",),
)
GERMAN = replace(TRACK, id="german", language="de", reply="Hallo {customer_name|du}")
ASK = DraftRequest(
    candidates=[TRACK, DAMAGED], fields={"customer_name": "Ada", "order_number": "A-17"}
)


def test_the_best_reply_is_filled_in() -> None:
    drafted = draft(ASK)
    assert drafted.candidate_id == "track"
    assert drafted.reply == (
        "Hello Ada,\n\nthe tracking link of A-17 is in your account.\n\nKind regards"
    )
    assert drafted.no_draft_reason == ""


def test_without_past_replies_there_is_no_draft() -> None:
    drafted = draft(replace(ASK, candidates=[]))
    assert (drafted.reply, drafted.candidate_id, drafted.articles) == ("", None, ())
    assert drafted.no_draft_reason == "There is no past reply of this category."


def test_a_reply_in_another_language_is_never_used() -> None:
    assert draft(replace(ASK, candidates=[GERMAN])).no_draft_reason == (
        "There is no past reply in the customer's language."
    )
    assert draft(replace(ASK, candidates=[TRACK, GERMAN], language="de")).candidate_id == "german"


def test_a_distant_question_gets_no_reply() -> None:
    distant = replace(TRACK, similarity=LEAST_SIMILARITY - 0.01)
    drafted = draft(replace(ASK, candidates=[distant]))
    assert drafted.reply == ""
    assert "close to the question" in drafted.no_draft_reason


def test_a_malformed_template_is_passed_over() -> None:
    broken = replace(TRACK, id="broken", similarity=0.9, reply="Hello {customer_name},")
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


values = st.text(st.characters(codec="utf-8"), max_size=40)


@given(candidate=st.sampled_from([TRACK, DAMAGED]), name=values, number=values)
def test_a_draft_holds_nothing_but_template_fallbacks_and_fields(
    candidate: Candidate, name: str, number: str
) -> None:
    fields = {"customer_name": name, "order_number": number}
    drafted = draft(DraftRequest(candidates=[candidate], fields=fields))
    # Text, slot's name, slot's fallback, text, …
    parts = re.split(r"\{(\w+)\|([^}]*)\}", candidate.reply)
    expected = re.escape(parts[0])
    for slot, fallback, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        value = " ".join(fields.get(slot, "").split())
        expected += f"(?:{re.escape(value)}|{re.escape(fallback)}){re.escape(text)}"
    assert re.fullmatch(expected, drafted.reply)
