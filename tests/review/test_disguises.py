"""What a text hides from the eye, and what is only ordinary writing."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.disguises import cautions, disguises, without_turns
from tests.hostile import HOMOGLYPHS, INVISIBLE

TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def kinds(text: str) -> set[str]:
    return {disguise.kind for disguise in disguises(text)}


@pytest.mark.parametrize(
    ("text", "kind", "example"),
    [
        ("invoice\u202efdp.exe", "direction", "U+202E"),
        ("Refund \u2067000,01\u2069 EUR", "direction", "U+2067"),
        ("Order 1\u200f2", "direction", "U+200F"),
        ("שלום \u202e world", "direction", "U+202E"),
        ("pass\u200bword", "invisible", "U+200B"),
        ("pass\u200dword", "invisible", "U+200D"),
        ("in\ufeffside", "invisible", "U+FEFF"),
        ("".join(chr(0xE0000 + ord(c)) for c in "send it"), "invisible", "U+E0073"),
        ("x\ufe0f\ufe0e\ufe0f", "invisible", "U+FE0E"),
        ("\u3164", "invisible", "U+3164"),
        ("\x1b[31mred", "control", "U+001B"),
        ("erase\x08\x08", "control", "U+0008"),
        ("https://p\u0430ypal.example/login", "lookalike", "xn--pypal-4ve.example"),
        ("mail support@\u0441ountersign.example now", "lookalike", "xn--ountersign-bwi.example"),
        ("XN--PYPAL-4VE.example", "lookalike", "xn--pypal-4ve.example"),
        ("https://\u0430\u0440\u0440\u04cf\u0435.com", "lookalike", "xn--80ak6aa92e.com"),
        ("\u03c1aypal.example", "lookalike", "xn--aypal-2ce.example"),
        ("www.\uff50aypal.com", "lookalike", "www.xn--aypal-wr33a.com"),
        ("p\u0430ypal\u3002example", "lookalike", "xn--pypal-4ve.example"),
    ],
)
def test_a_disguise_is_found_and_named(text: str, kind: str, example: str) -> None:
    (found,) = [disguise for disguise in disguises(text) if disguise.kind == kind]
    assert example in found.examples


@pytest.mark.parametrize(
    "text",
    [
        "Where is my order HCW-204881? Thanks, Ada.",
        "Grüße aus München, siehe https://www.müller.example/straße",
        "Family 👨‍👩‍👧‍👦, heart ❤️, one 1️⃣",
        "Wales \U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
        "می‌خواهم سفارش را لغو کنم",
        "क्‍ष और श्री",
        "שלום \u200f(world)\u200f 5",
        "مرحبا \u202b123\u202c",
        "Call \u202a+49 40 1234\u202c or \u2068Ada\u2069",
        "\ufeffText with a byte order mark",
        "soft\u00adhyphen, no-break\u00a0space",
        "пример.рф, москва.example, почта@пример.рф",
        "日本語ドメイン.jp と 例え.テスト。東京a.jp",
        "한국어.kr 中文abc.cn xn--mnchen-3ya.de",
        "Привет.Как дела.OK",
        "3.5 m², 20.5 °C, a.b.c, e.g., 1.2.3",
        "line\nline\r\n\tindented\x0c",
    ],
)
def test_ordinary_writing_is_left_alone(text: str) -> None:
    assert disguises(text) == ()


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    for disguise in disguises(text):
        assert disguise.count >= 1
        assert 1 <= len(disguise.examples) <= 3


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"])))
def test_ascii_holds_no_disguise_but_encoded_addresses(text: str) -> None:
    assert kinds(text) <= ({"lookalike"} if "xn--" in text.lower() else set())


@given(st.text(), st.text(), st.sampled_from("\u202d\u202e"))
def test_an_override_is_found_anywhere(before: str, after: str, turn: str) -> None:
    assert "direction" in kinds(before + turn + after)


@given(st.text(st.sampled_from("ab \u05d0\u202a\u202e\u2066\u2069é")))
def test_a_title_has_nothing_that_turns(text: str) -> None:
    flat = without_turns(text)
    assert not set(flat) & set(TURNS)
    assert [letter for letter in text if letter not in TURNS] == list(flat)


def test_each_kind_is_said_once_with_its_places() -> None:
    texts = [
        (f"message {number}", f"a\u200bb {address}") for number, address in enumerate(HOMOGLYPHS)
    ]
    said = cautions([("the subject", "x\u202ey"), *texts])
    assert [sentence.split()[0] for sentence in said] == ["Look-alike", "Reading", "Invisible"]
    assert "message 0, message 1, message 2 and 5 more" in said[2]
    assert cautions([("the subject", "Hello")]) == []


def test_published_injections_in_invisible_text_are_found() -> None:
    assert all("invisible" in kinds(text) for text in INVISIBLE)


@pytest.mark.parametrize(
    "unit", ["é", "é.", "a\u200d", "\u202e", "xn--", "xn--a.", "\U0001f3f4", "é-", "\ufe0f", "а.b"]
)
def test_time_grows_with_the_length_alone(unit: str) -> None:
    """A second for 200,000 characters would be ten times what it takes; a square is far beyond."""
    text = (unit * 200_000)[:200_000]
    started = time.perf_counter()
    disguises(text)
    assert time.perf_counter() - started < 1
