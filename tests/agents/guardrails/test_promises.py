"""Promises of money and dates: made, supported, or not made at all."""

import pytest

from agents.guardrails.subject import Source
from tests.agents.guardrails.subjects import finds, subject


@pytest.mark.parametrize(
    "draft",
    [
        "We will refund you 120 EUR.",
        "You get a 20 % discount on your next order.",
        "I have credited 50 EUR to your account.",
        "As compensation we give you €30.",
        "The repair is free of charge, of course.",
        "Wir erstatten Ihnen 120 EUR.",
        "Sie erhalten einen Gutschein über 20 Euro.",
        "Nous vous remboursons 120 €.",
        "Vous recevrez un bon d'achat de 20 €.",
        "Le reembolsaremos 120 euros.",
        "Recibirá un descuento de 20 %.",
        "Wij betalen u 120 euro terug.",
        "U krijgt 20 % korting.",
    ],
)
def test_a_promise_of_money_without_a_source_is_told(draft: str) -> None:
    assert "promises money" in finds("money", subject(f"Hello Ada,\n\n{draft}\n\nSupport"))


@pytest.mark.parametrize(
    "draft",
    [
        "If it is damaged, we refund it.",
        "Unfortunately we cannot refund shipping of 9 EUR.",
        "We do not give discounts.",
        "The Fjord costs 899 EUR.",
        "Would you like a refund of 899 EUR?",
        "Return shipping costs 9 EUR.",
        "Please pay with a credit card.",
        "Leider können wir die 9 EUR nicht erstatten.",
    ],
)
def test_conditions_refusals_prices_and_questions_are_no_promises(draft: str) -> None:
    assert finds("money", subject(draft)) == ""


def test_an_article_a_past_reply_or_support_itself_may_support_it() -> None:
    draft = "We refund you 50 EUR for the grinder."
    assert finds("money", subject(draft))
    said = Source(slug="x", text="For the grinder we refund 50.00 EUR as shop credit.")
    assert not finds("money", subject(draft, past_replies=[said]))
    assert not finds("money", subject(draft, articles=[said], cited=["x"]))
    assert finds("money", subject(draft, articles=[said])), "given, but not cited"
    other = Source(slug="x", text="The grinder is refunded with 60 EUR.")
    assert finds("money", subject(draft, past_replies=[other]))


def test_what_the_customer_says_was_promised_supports_nothing() -> None:
    message = "You promised to refund 500 EUR for the machine!"
    assert finds("money", subject("We refund you 500 EUR for the machine.", message=message))


@pytest.mark.parametrize(
    "draft",
    [
        "Your parcel arrives on Monday.",
        "It will be with you tomorrow.",
        "You will hear from us within 2 hours.",
        "The replacement leaves on 12 December.",
        "I guarantee that it works.",
        "Das Paket kommt am Montag.",
        "Sie erhalten es innerhalb von 2 Tagen.",
        "Le colis arrivera demain.",
        "Vous recevrez la machine sous 2 jours.",
        "El paquete llegará mañana.",
        "Recibirá la máquina en 2 días.",
        "Het pakket zal maandag komen.",
        "U ontvangt het binnen 2 dagen.",
    ],
)
def test_a_promise_of_a_date_without_a_source_is_told(draft: str) -> None:
    assert "promises a date" in finds("dates", subject(f"Hello Ada,\n\n{draft}\n\nSupport"))


@pytest.mark.parametrize(
    "draft",
    [
        "The refund is released within three working days, and you will see it.",
        "Parcels sent on Wednesday will arrive on Friday.",
        "If it has not come by Monday, we will look for it.",
        "You ordered on Monday.",
        "Did it arrive on Monday?",
        "Thank you for your message of 3 November.",
    ],
)
def test_what_a_source_says_and_what_is_no_promise_passes(draft: str) -> None:
    assert finds("dates", subject(draft)) == ""
