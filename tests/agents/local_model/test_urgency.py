import pytest

from agents.local_model.urgency import judge_urgency


@pytest.mark.parametrize(
    ("message", "level", "signs"),
    [
        ("Where is my parcel?", "normal", ()),
        ("There is smoke coming out of the machine", "high", ("smoke",)),
        ("It smells slightly of burning", "high", ("smells slightly of burning",)),
        ("My card was STOLEN", "high", ("STOLEN",)),
        ("My lawyer will write to you", "high", ("lawyer",)),
        ("I need it by tomorrow", "high", ("need it by tomorrow",)),
        ("Please answer ASAP, it is urgent, ASAP", "high", ("ASAP", "urgent")),
        ("No rush, whenever you have time", "low", ("No rush", "whenever you have time")),
        ("This is not urgent at all", "low", ("not urgent",)),
        ("It’s not urgent, but it smokes", "high", ("smokes",)),
        ("Es ist nicht dringend", "low", ("nicht dringend",)),
        ("Bitte antworten Sie sofort", "high", ("sofort",)),
        ("Is the smoky blend back? I bought it yesterday", "normal", ()),
        ("My order came today", "normal", ()),
        ("I like the dark roast, not burnt at all", "normal", ()),
    ],
)
def test_urgency_follows_the_customers_words(
    message: str, level: str, signs: tuple[str, ...]
) -> None:
    judged = judge_urgency([message])
    assert (judged.level, judged.signs) == (level, signs)


def test_a_calm_message_does_not_take_back_an_alarm_in_another() -> None:
    assert judge_urgency(["It sparks", "no rush"]).level == "high"


def test_at_most_five_signs_are_given() -> None:
    message = "urgent asap smoke fraud lawyer deadline immediately emergency"
    assert judge_urgency([message]).signs == ("urgent", "asap", "smoke", "fraud", "lawyer")
