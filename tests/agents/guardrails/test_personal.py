"""Personal data in a draft: what is this customer's or the company's, and what is neither."""

from dataclasses import replace

import pytest

from agents.guardrails.subject import Source
from tests.agents.guardrails.subjects import COMPANY, finds, subject

IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.mark.parametrize(
    ("draft", "kind"),
    [
        ("Write to carl.gauss@mathe.example.", "an e-mail address"),
        ("Call +49 151 2345 6789.", "a telephone number"),
        ("Call 0151 23456789.", "a telephone number"),
        ("It went to 14 Mill Lane, Leeds.", "a postal address"),
        ("Es ging an die Lindenstraße 12, 20095 Hamburg.", "a postal address"),
        ("Il est parti au 3 allée du Lavoir, 21000 Dijon.", "a postal address"),
        ("Se envió a la Calle Mayor 12.", "a postal address"),
        ("Het ging naar de Keizersgracht 123.", "a postal address"),
        (f"We paid it to {IBAN}.", "a bank account"),
        ("The card 4111 1111 1111 1111 was charged.", "a card number"),
        ("Order HCW-999999 is hers.", "an order or reference number"),
        ("Return RMA-12345 is hers.", "an order or reference number"),
    ],
)
def test_what_the_conversation_does_not_know_is_told_by_its_kind(draft: str, kind: str) -> None:
    found = finds("personal_data", subject(draft))
    assert found == f"The draft gives {kind} that this conversation does not know."


@pytest.mark.parametrize(
    "draft",
    [
        "Write to support@haldencoffee.example or call +49 40 66969-120.",
        "Order hcw 204388 will follow.",
        "We deliver within 3 to 5 working days, 10:00 to 14:00, and the code is 4111.",
        "Use 18 g in, 36 g out, 25 to 30 seconds at 9 bar; burrs 64 mm, 1,549.00 EUR.",
        "See the 2 to 4 working days and 30 days to return.",
        "The number 4111 1111 1111 1112 is no card.",
    ],
)
def test_the_companys_own_and_the_conversations_own_pass(draft: str) -> None:
    about = subject(draft, message="My order HCW-204388, ada@lovelace.example, is late.")
    assert finds("personal_data", about) == ""


def test_what_the_customer_or_their_data_names_may_be_repeated() -> None:
    draft = f"We write to ada@lovelace.example; HCW-111111 goes to 14 Mill Lane. {IBAN}"
    assert finds("personal_data", subject(draft))
    party = {"email": "ADA@lovelace.example", "orders": ["HCW 111111"], "at": "14 Mill Lane"}
    known = replace(subject(draft, party=party), known=(f"account: {IBAN}",))
    assert finds("personal_data", known) == ""


def test_a_past_reply_is_no_excuse_and_an_article_is() -> None:
    draft = "Write to carl.gauss@mathe.example."
    source = Source(slug="refunds", text=draft)
    assert finds("personal_data", subject(draft, past_replies=[source]))
    assert not finds("personal_data", subject(draft, articles=[source]))


def test_the_sentence_never_holds_what_was_found() -> None:
    found = finds("personal_data", subject(f"carl.gauss@mathe.example {IBAN} HCW-999999"))
    assert "an e-mail address, a bank account and an order or reference number" in found
    assert "gauss" not in found
    assert "DE89" not in found


def test_an_admins_costly_pattern_runs_into_its_time() -> None:
    slow = {**COMPANY, "order_number_patterns": [r"(a|aa)+c$"]}
    with pytest.raises(TimeoutError):
        finds("personal_data", subject("a" * 300 + "!c", company=slow))
