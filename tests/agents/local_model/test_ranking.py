from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.local_model.ranking import PastReply, rank

TRACK = PastReply(
    id="track",
    category="delivery",
    questions=("Where is my parcel? I cannot find the tracking link.",),
    reply="Hello {customer_name|there}, the tracking link is in your account.",
)
DAMAGED = PastReply(
    id="damaged",
    category="delivery",
    questions=("The parcel arrived crushed and the glass inside is broken.",),
    reply="Hello {customer_name|there}, please send us a photo of the damage.",
)
REFUND = PastReply(
    id="refund",
    category="refund",
    questions=("When do I get my money back?",),
    reply="Refunds take five working days.",
)
REPLIES = [TRACK, DAMAGED, REFUND]
SURE = {"delivery": 0.9, "refund": 0.05}
WHERE = "Where can I see the tracking of my parcel?"

words = st.text(st.characters(codec="utf-8"), max_size=30)


def ids(question: str, replies: list[PastReply], **chances: float) -> list[str]:
    ranked = rank(question, replies, chances=chances or SURE, limit=20)
    return [found.past.id for found in ranked]


@pytest.mark.parametrize(
    ("question", "best"),
    [
        (WHERE, "track"),
        ("The box was crushed and my cup is broken", "damaged"),
        ("Please tell me when I get the money back for my return", "refund"),
    ],
)
def test_the_closest_reply_comes_first(question: str, best: str) -> None:
    assert ids(question, REPLIES)[0] == best


def test_a_reply_of_a_category_without_a_chance_is_passed_over() -> None:
    assert set(ids("When do I get my money back?", REPLIES, delivery=1.0)) == {"track", "damaged"}


def test_between_equals_the_likelier_category_wins() -> None:
    twin = replace(TRACK, id="a-twin", category="refund")
    assert ids(WHERE, [twin, TRACK], delivery=0.6, refund=0.3)[0] == "track"
    assert ids(WHERE, [twin, TRACK], delivery=0.3, refund=0.6)[0] == "a-twin"


def test_a_reply_is_found_by_any_question_it_answered() -> None:
    question = "Is there an invoice with VAT for my bookkeeper?"
    other = replace(TRACK, id="other", reply=DAMAGED.reply)
    taught = replace(other, id="taught", questions=(*other.questions, "Bookkeeper needs invoice"))
    (best, _) = rank(question, [other, taught], chances=SURE, limit=20)
    assert (best.past.id, best.question) == ("taught", "Bookkeeper needs invoice")


def test_a_malformed_template_is_ranked_by_its_text() -> None:
    broken = replace(TRACK, id="broken", reply="Hello {customer_name}, the tracking link …")
    assert ids(WHERE, [broken, REFUND])[0] == "broken"


def test_only_so_many_are_returned() -> None:
    assert [found.past.id for found in rank(WHERE, REPLIES, chances=SURE, limit=1)] == ["track"]
    assert rank(WHERE, [], chances=SURE, limit=5) == []


def test_a_strange_or_empty_question_is_like_nothing() -> None:
    for question in ("", " \n", "Qwertz zxcvb 12345"):
        assert all(
            found.similarity < 0.3 for found in rank(question, REPLIES, chances=SURE, limit=5)
        )


@given(
    question=st.one_of(st.sampled_from([WHERE, *TRACK.questions, *REFUND.questions]), words),
    shuffled=st.permutations(
        [*REPLIES, replace(TRACK, id="twin"), replace(REFUND, id="blank", reply="")]
    ),
)
def test_the_order_of_the_replies_changes_nothing(question: str, shuffled: list[PastReply]) -> None:
    in_order = sorted(shuffled, key=lambda past: past.id)
    ranked = rank(question, shuffled, chances=SURE, limit=4)
    assert ranked == rank(question, in_order, chances=SURE, limit=4)
    assert all(0 <= found.similarity <= 1 for found in ranked)


@given(question=words, known=words, reply=words)
def test_any_text_can_be_ranked(question: str, known: str, reply: str) -> None:
    past = PastReply(id="any", category="delivery", questions=(known,), reply=reply)
    (found,) = rank(question, [past], chances=SURE, limit=3)
    assert 0 <= found.similarity <= 1
    assert found.question == known
