"""Where quoted mail and signatures stand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.quoting import parts, split_quoted

LINES: tuple[str, ...] = (
    "> a",
    ">",
    "On Mon, 3 May at 10:12, A wrote:",
    "A wrote:",
    "-- ",
    "--",
    "Regards,",
    "Anna",
)
LINES += ("From: A", "Sent: today", "-----Original Message-----", "It ships.", "", "On 3 May you")

QUOTED = [
    ("Yes.\n> Is it late?\n", "Yes.\n", "> Is it late?\n"),
    ("> Late?\nYes.\n> Why?\nRain.", "Yes.\nRain.", "> Late?\n> Why?\n"),
    ("Yes.\nAnna wrote:\n> Late?", "Yes.\n", "Anna wrote:\n> Late?"),
    (
        "Yes.\nOn Mon, 3 May 2024 at 10:12 AM Anna Berg\n<anna@example.com> wrote:\n\nLate?",
        "Yes.\n",
        "On Mon, 3 May 2024 at 10:12 AM Anna Berg\n<anna@example.com> wrote:\n\nLate?",
    ),
    (
        "Ja.\nAm Mo., 3. Mai 2024 um 10:12 Uhr schrieb Anna <anna@example.com>:\n\nSpät?",
        "Ja.\n",
        "Am Mo., 3. Mai 2024 um 10:12 Uhr schrieb Anna <anna@example.com>:\n\nSpät?",
    ),
    (
        "Yes.\r\n-----Ursprüngliche Nachricht-----\r\nSpät?",
        "Yes.\r\n",
        "-----Ursprüngliche Nachricht-----\r\nSpät?",
    ),
    (
        "Oui.\nDe : Anna\nEnvoyé : lundi\nÀ : nous\n\nEn retard ?",
        "Oui.\n",
        "De : Anna\nEnvoyé : lundi\nÀ : nous\n\nEn retard ?",
    ),
    ("From: the shop in Oslo it came late.", "From: the shop in Oslo it came late.", ""),
    ("On Monday you wrote:\nit is late", "On Monday you wrote:\nit is late", ""),
    ("5 > 3 and a -> b", "5 > 3 and a -> b", ""),
]

SIGNED = [
    ("It ships.\n-- \nAnna\nHollow Creek", "-- \nAnna\nHollow Creek"),
    ("It ships.\nKind regards,\nAnna\n", "Kind regards,\nAnna\n"),
    ("It ships.\nMit freundlichen Grüßen\n\nAnna Berg\n", "Mit freundlichen Grüßen\n\nAnna Berg\n"),
    ("It ships.\nThanks!\nBest,\nAnna", "Thanks!\nBest,\nAnna"),
    ("It ships.\nBest,\nAnna\n> Late?", "Best,\nAnna\n"),
    ("Kind regards,\nAnna", ""),
    ("It ships.\nBest,\nAnna\nPS: It was free.", ""),
    ("It ships.\nBest,\nwe will send you another one tomorrow.", ""),
    ("It ships.\nBest,\na\nb\nc\nd\ne", ""),
    ("It ships.\nBest wishes are with you.\nAnna", ""),
]


@pytest.mark.parametrize(("text", "visible", "quoted"), QUOTED)
def test_quoted_mail_is_told_from_own_words(text: str, visible: str, quoted: str) -> None:
    assert split_quoted(text) == (visible, quoted)


@pytest.mark.parametrize(("text", "signature"), SIGNED)
def test_signature_is_told_from_the_message(text: str, signature: str) -> None:
    assert "".join(part.text for part in parts(text) if part.kind == "signature") == signature


@settings(derandomize=True, deadline=None, max_examples=500, database=None)
@given(st.lists(st.sampled_from(LINES) | st.text(max_size=5), max_size=12), st.booleans())
def test_parts_join_to_the_text(lines: list[str], carriage_returns: bool) -> None:
    text = ("\r\n" if carriage_returns else "\n").join(lines)
    assert "".join(part.text for part in parts(text)) == text
