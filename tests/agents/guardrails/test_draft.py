"""Sources, language, links and form of a draft."""

from typing import Any

import pytest

from agents.guardrails.subject import Source
from tests.agents.guardrails.subjects import COMPANY, finds, subject

GERMAN = "Guten Tag, die Maschine ist kaputt angekommen und ich hätte gern eine neue, bitte."
ENGLISH = "Hello Ada, we are sorry to hear that. Please send us a picture of the machine."


@pytest.mark.parametrize(
    ("draft", "is_found"),
    [
        ("Return shipping costs 9 EUR.", False),
        ("Return shipping costs 12 EUR.", True),
        ("We release it within 3 working days.", False),
        ("We release it within three working days.", False),
        ("We release it within 9 working days.", True),
        ("1. Open the box.\n2. Press the button.", False),
        ("See https://haldencoffee.example/help/12345.", False),
        ("Your order HCW-204388 was damaged.", False),
    ],
)
def test_figures_must_stand_in_a_source(draft: str, is_found: bool) -> None:
    about = subject(draft, message="HCW-204388 came broken.")
    assert bool(finds("figures", about)) is is_found


def test_a_claim_in_words_that_no_source_has_is_noted() -> None:
    strange = "If the boiler whistles, unscrew the brass valve underneath with tongs only."
    assert "“If the boiler whistles" in finds("grounding", subject(strange))
    known = "If a machine is damaged, it is exchanged or the refund is released within days."
    assert finds("grounding", subject(known)) == ""


@pytest.mark.parametrize(
    ("draft", "message", "language", "is_found"),
    [
        (ENGLISH, GERMAN, "de", True),
        (GERMAN, GERMAN, "de", False),
        (ENGLISH, "My machine arrived broken and I would like a new one, please.", "en", False),
        (ENGLISH, "Bonjour, ma machine est arrivée cassée et je voudrais la changer.", "fr", True),
        (ENGLISH, "Hola, mi máquina llegó rota y quisiera otra nueva, por favor.", "es", True),
        (
            ENGLISH,
            "Hallo, mijn machine is kapot aangekomen en ik wil graag een nieuwe.",
            "nl",
            True,
        ),
        (ENGLISH, "HCW-204388?", "en", False),
        ("Danke!", "My machine arrived broken and I would like a new one.", "en", False),
        (GERMAN, "My machine arrived broken and I would like a new one.", "de", False),
    ],
)
def test_the_draft_speaks_the_customers_language(
    draft: str, message: str, language: str, is_found: bool
) -> None:
    about = subject(draft, message=message, language=language)
    assert bool(finds("language", about)) is is_found


@pytest.mark.parametrize(
    ("draft", "is_found"),
    [
        ("See https://haldencoffee.example/orders.", False),
        ("See www.haldencoffee.example or shop.haldencoffee.example/x.", False),
        ("Follow it at https://track.nordline.example/abc.", False),
        ("Claims: https://help.carrier.example/claims", False),
        ("Write to support@haldencoffee.example.", False),
        ("Use 1.5 bar, i.e. a Skerry.Then wait.", False),
        ("See https://evil.example/haldencoffee.example.", True),
        ("See https://haldencoffee.example.evil.com/", True),
        ("See https://haldencoffee.example@evil.com/", True),
        ("See evil-shop.com/pay", True),
        ("See http ://evil.com/pay", True),
        ("See http://[::1", True),
        ("[here](javascript:alert(1))", True),
    ],
)
def test_links_lead_only_where_they_may(draft: str, is_found: bool) -> None:
    assert bool(finds("links", subject(draft))) is is_found


def test_allowed_links_may_be_written_as_hosts_or_addresses() -> None:
    company = {**COMPANY, "allowed_links": ["https://pay.example/x"]}
    assert finds("links", subject("See https://pay.example/y", company=company)) == ""


@pytest.mark.parametrize(
    ("name", "draft", "more", "is_found"),
    [
        ("slots", "Hello {customer_name|there},", {}, True),
        ("slots", "Hello {Ada},", {}, False),
        ("secrets", "Your card [payment card removed, ends 1111] was charged.", {}, True),
        ("secrets", "We removed [the lid].", {}, False),
        ("length", "x" * 4001, {}, True),
        ("length", "x" * 4000, {}, False),
        ("sources", "Hello.", {}, False),
        ("sources", "Hello.", {"cited": []}, True),
        ("sources", "Hello.", {"cited": ["made-up"]}, True),
    ],
)
def test_the_form_of_a_draft(name: str, draft: str, more: dict[str, Any], is_found: bool) -> None:
    assert bool(finds(name, subject(draft, **more))) is is_found


def test_a_stranger_among_the_citations_is_named() -> None:
    other = [Source(slug="a", text="x")]
    assert "refunds" in finds("sources", subject("Hello.", articles=other))
