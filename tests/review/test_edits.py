"""The edit counter: what a reviewer would call an edit, and what has to hold for any text."""

import time
import unicodedata
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import LCSseq

from review import alignment
from review.alignment import align, changed_spans, is_word, tokenize
from review.edits import Comparison, compare

stable = settings(derandomize=True, deadline=None, max_examples=150, database=None)

FRAGMENTS = (
    *("the", "parcel", "Parcel", "refund", "don't", "don’t", "49.90", "HCW-204881", "café"),
    *("cafe\u0301", "你好", "สวัสดี", "שלום", "مرحبا", "👩‍👩‍👧", "👍🏽", "🇳🇴", "❤️", "❤", "naïve"),
    *(",", ".", "!", "?", "…", '"', "“", "”", "—", "(", ")", "\u200b", "\u00ad", "_"),
    *(" ", " ", " ", "\n", "\n\n", "\r\n", "\u00a0", "\t"),
    *(
        "\n> quoted\n",
        "\nKind regards,\nAnna",
        "\n-- \nAnna",
        "\nOn Mon 3 May at 10:12 A wrote:\n",
    ),
)
prose = st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join)
texts = prose | st.text(max_size=40)
QUOTES = (
    "\n> Where is my parcel?\n> Anna",
    "\n\nOn Mon, 3 May 2024 at 10:12, Anna <anna@example.com> wrote:\n> Where is it?\n",
    "\n\nAm 03.05.2024 um 10:12 schrieb Anna <anna@example.com>:\n\nWo ist mein Paket?",
    "\nLe lun. 3 mai 2024 à 10:12, Anna <anna@example.com> a écrit :\n> Où est-il ?",
    "\nEl lun, 3 may 2024 a las 10:12, Anna (<anna@example.com>) escribió:\n> ¿Dónde está?",
    "\nOp ma 3 mei 2024 om 10:12 schreef Anna <anna@example.com>:\n> Waar is het?",
    "\n-----Original Message-----\nFrom: Anna\nWhere is my parcel?",
    "\nFrom: Anna <anna@example.com>\nSent: Monday, 3 May 2024 10:12\nTo: Us\n\nWhere is it?",
    "\nVon: Anna\nGesendet: Montag, 3. Mai 2024 10:12\nAn: uns\n\nWo ist es?",
)
SIGNATURES = (
    "\n-- \nAnna Berg\nHollow Creek\n+47 22 12 34 56",
    "\n\nKind regards,\nAnna",
    "\nMit freundlichen Grüßen\nAnna Berg\nKundendienst",
    "\nBien cordialement,\nAnna\n\nService client",
    "\nUn cordial saludo,\nAnna",
    "\nMet vriendelijke groet,\nAnna",
    "\n--\nAnna",
)

CASES = [
    ("unedited", "Your parcel is on its way.", "Your parcel is on its way.", 0, 1.0),
    ("one word replaced", "Your parcel is late.", "Your order is late.", 1, 0.75),
    ("one word removed", "Your parcel is very late.", "Your parcel is late.", 1, 0.8),
    ("one word added", "Your parcel is late.", "Your parcel is very late.", 1, 1.0),
    ("neighbouring words are one", "we will refund you", "we have refunded you", 1, 0.5),
    ("two places are two", "Hello Ann, it ships today.", "Hello Bob, it ships now.", 2, 0.6),
    ("three places are three", "a b c d e f g", "a X c Y e Z g", 3, 4 / 7),
    ("a sentence added at the end", "It ships today.", "It ships today. Thank you.", 1, 1.0),
    ("a word moved is taken and put", "today we ship it", "we ship it today", 2, 0.75),
    ("case counts", "hello Ann", "Hello Ann", 1, 0.5),
    ("punctuation counts", "It ships today.", "It ships today!", 1, 1.0),
    ("a comma dropped", "Hello, Ann", "Hello Ann", 1, 1.0),
    ("punctuation parts no spans", "Dear Ann, thanks", "Hello Bob, welcome", 1, 0.0),
    ("a word parts spans", "Dear Ann, many thanks", "Hello Ann, many greetings", 2, 0.5),
    ("line wrapping", "Your parcel\nis on its way.", "Your parcel is\non its\tway.\n\n", 0, 1.0),
    ("non-breaking space", "10 EUR", "10\u00a0EUR", 0, 1.0),
    ("typographic quotes", 'I don\'t say "no"', "I don’t say “no”", 0, 1.0),
    ("decomposed accents", "café Zoë", "cafe\u0301 Zoe\u0308", 0, 1.0),
    ("soft hyphen and zero width", "parcel here", "par\u00adcel\u200b here\ufeff", 0, 1.0),
    ("an amount is one word", "You get 49.90 EUR", "You get 59.90 EUR", 1, 0.75),
    ("a whole rewrite", "Your parcel is late", "We refund it now", 1, 0.0),
    ("half kept", "one two three four", "one two", 1, 0.5),
    ("less than half kept", "one two three four", "one", 1, 0.25),
    ("empty draft, written reply", "", "We refund you.", 1, 0.0),
    ("empty both", "", "", 0, 0.0),
    ("everything deleted", "We refund you.", "", 1, 0.0),
    ("family emoji is one word", "Hi 👩‍👩‍👧 all", "Hi 👩‍👩‍👦 all", 1, 2 / 3),
    ("skin tone is part of the emoji", "ok 👍 then", "ok 👍🏽 then", 1, 2 / 3),
    ("flags do not run together", "🇳🇴🇩🇪", "🇳🇴🇸🇪", 1, 0.5),
    ("emoji presentation is unseen", "ok ❤", "ok ❤️", 0, 1.0),
    ("Hebrew", "החבילה שלך בדרך", "ההזמנה שלך בדרך", 1, 2 / 3),
    ("Arabic, direction mark", "طردك في الطريق", "\u200fطردك في الطريق", 0, 1.0),
    ("Hindi vowel signs stay in the word", "आपका पार्सल आ गया", "आपका ऑर्डर आ गया", 1, 0.75),
    ("Chinese by character", "您的包裹已发出", "您的订单已发出", 1, 5 / 7),
    ("Thai by character with marks", "ขอบคุณ", "ขอบคุณมาก", 1, 1.0),
    ("quote ignored", "It ships.\n> Where is it?", "It ships.", 0, 1.0),
    ("reply between quotes", "> Where?\nIt ships.\n> Why?\nRain.", "It ships.\nRain.", 0, 1.0),
    ("all quote is empty", "> Where is it?", "It ships.", 1, 0.0),
    (
        "name under the closing",
        "It ships.\n\nKind regards,\nAnna",
        "It ships.\n\nBest,\nBob",
        0,
        1.0,
    ),
    (
        "postscript is no signature",
        "It ships.\nBest,\nBob",
        "It ships.\nBest,\nBob\nPS: Free.",
        1,
        1.0,
    ),
    ("dated prose is no quote", "On 3 May you wrote:\nA b.", "On 3 May you wrote:\nA c.", 1, 6 / 7),
    ("a message is never all closing", "Many thanks", "Many thanks", 0, 1.0),
]


@pytest.mark.parametrize(
    ("draft", "sent", "operations", "kept"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_counts_what_a_person_would_count(
    draft: str, sent: str, operations: int, kept: float
) -> None:
    found = compare(draft, sent)
    assert found.operations == operations
    assert found.words_kept_ratio == pytest.approx(kept)


@pytest.mark.parametrize(
    ("operations", "kept", "succeeds"),
    [(0, 1.0, True), (2, 0.5, True), (3, 1.0, False), (1, 0.49, False), (0, 0.0, False)],
)
def test_success_needs_few_operations_and_half_the_words(
    operations: int, kept: float, succeeds: bool
) -> None:
    found = Comparison(operations=operations, words_kept_ratio=kept, segments=())
    assert found.succeeds is succeeds


def test_segments_show_the_change_between_unchanged_words() -> None:
    found = compare("Your parcel is late. Sorry", "Your order is late. So sorry")
    assert [(segment.kind, segment.text) for segment in found.segments] == [
        ("same", "Your "),
        ("delete", "parcel"),
        ("insert", "order"),
        ("same", " is late. "),
        ("delete", "Sorry"),
        ("insert", "So sorry"),
    ]


def test_inserted_word_takes_one_space_with_it() -> None:
    found = compare("Your parcel", "Your big parcel")
    assert [segment.text for segment in found.segments if segment.kind == "same"] == [
        "Your ",
        "parcel",
    ]


@stable
@given(texts, texts)
def test_segments_join_to_both_texts(draft: str, sent: str) -> None:
    segments = compare(draft, sent).segments
    assert "".join(s.text for s in segments if s.kind != "delete") == sent
    assert "".join(s.text for s in segments if s.kind != "insert") == draft
    assert all(s.text for s in segments)
    assert all(a.kind != b.kind for a, b in pairwise(segments))


@stable
@given(texts, texts)
def test_count_is_symmetric_and_bounded(draft: str, sent: str) -> None:
    found = compare(draft, sent)
    longest = max(len(tokenize(text, [(0, len(text))]).keys) for text in (draft, sent))
    assert found.operations == compare(sent, draft).operations
    assert 0 <= found.operations <= longest
    assert 0.0 <= found.words_kept_ratio <= 1.0


@stable
@given(texts)
def test_unedited_text_has_no_operations(text: str) -> None:
    found = compare(text, text)
    assert found.operations == 0
    assert found.words_kept_ratio in (0.0, 1.0)
    assert {segment.kind for segment in found.segments} <= {"same"}


@stable
@given(prose)
def test_unicode_form_does_not_count(text: str) -> None:
    assert compare(unicodedata.normalize("NFC", text), text).operations == 0
    assert compare(unicodedata.normalize("NFD", text), text).operations == 0


@stable
@given(
    st.lists(st.sampled_from(FRAGMENTS[:10]), min_size=1), st.sampled_from((" ", "\n", "\u202f"))
)
def test_spacing_does_not_count(words: list[str], space: str) -> None:
    assert compare(" ".join(words), space.join(words)).operations == 0


@stable
@given(texts, texts, st.sampled_from((*QUOTES, *SIGNATURES)))
def test_appended_quote_or_signature_changes_nothing(draft: str, sent: str, tail: str) -> None:
    draft, sent = f"Hello. {draft}", f"Hello. {sent}"
    plain = compare(draft, sent)
    for found in (compare(draft, sent + tail), compare(draft + tail, sent)):
        assert found.operations == plain.operations
        assert found.words_kept_ratio == plain.words_kept_ratio


tokens = st.lists(st.sampled_from(["a", "b", "c", "d", ",", "."]), max_size=9)


@settings(stable, max_examples=500)
@given(tokens, tokens)
def test_keeps_most_words_then_fewest_spans(draft: list[str], sent: list[str]) -> None:
    blocks = align(draft, sent)
    kept = sum(is_word(draft[b.draft + i]) for b in blocks for i in range(b.size))
    assert (kept, -changed_spans(draft, sent, blocks)) == _best(tuple(draft), tuple(sent))


def _best(draft: tuple[str, ...], sent: tuple[str, ...]) -> tuple[int, int]:
    """Return the most words any matching keeps and, negated, the fewest spans that allows."""

    @cache
    def best(i: int, j: int, inside: bool) -> tuple[int, int]:
        options = [(0, 0)] if (i, j) == (len(draft), len(sent)) else []
        skips = [(i + 1, j)] * (i < len(draft)) + [(i, j + 1)] * (j < len(sent))
        for skip in skips:
            kept, spans = best(*skip, True)
            options.append((kept, spans - (not inside)))
        if i < len(draft) and j < len(sent) and draft[i] == sent[j]:
            word = draft[i].isalnum()
            kept, spans = best(i + 1, j + 1, inside and not word)
            options.append((kept + word, spans))
        return max(options)

    return best(0, 0, False)


@stable
@given(draft=tokens, sent=tokens)
def test_coarse_method_agrees_on_what_must_hold(draft: list[str], sent: list[str]) -> None:
    exact = compare(" ".join(draft), " ".join(sent))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "EXACT_CELLS", 0)
        coarse = compare(" ".join(draft), " ".join(sent))
        back = compare(" ".join(sent), " ".join(draft))
    assert coarse.operations == back.operations
    assert coarse.words_kept_ratio <= exact.words_kept_ratio
    assert (coarse.operations == 0) == (exact.operations == 0)


def test_words_kept_is_the_longest_common_subsequence() -> None:
    draft, sent = _words(900, of=40, seed=1), _words(900, of=40, seed=2)
    kept = LCSseq.similarity(draft, sent)
    assert compare(" ".join(draft), " ".join(sent)).words_kept_ratio == kept / 900


def _words(count: int, *, of: int, seed: int) -> list[str]:
    return [f"word{number}" for number in np.random.default_rng(seed).integers(of, size=count)]


def test_a_megabyte_edited_at_both_ends_is_counted_in_seconds() -> None:
    words = _words(120_000, of=5000, seed=1)
    edited = ["Hello", *words[:60_000], "middle", *words[60_001:], "Bye"]
    started = time.process_time()
    found = compare(" ".join(words), " ".join(edited))
    assert time.process_time() - started < 10
    assert found.operations == 3
    assert found.words_kept_ratio == pytest.approx(1.0, abs=1e-4)


def test_a_repeated_paragraph_of_a_megabyte_is_counted_exactly() -> None:
    text = "We are sorry for the delay of your parcel. " * 23_000
    assert compare(text, f"Hello. {text} Bye.").operations == 2


def test_a_rewritten_megabyte_is_one_span() -> None:
    words = _words(120_000, of=5000, seed=2)
    found = compare(" ".join(words), " ".join(f"new{word}" for word in words))
    assert (found.operations, found.words_kept_ratio) == (1, 0.0)


HOSTILE = {
    "mail headers": "On 1\n" * 40_000,
    "outlook headers": "From: x\n" * 40_000,
    "closings": "Thanks\n" * 40_000,
    "dashes": "-" * 200_000,
    "apostrophes": "a'" * 100_000,
    "points": "1." * 100_000,
    "marks": "a" + "\u0301" * 200_000,
    "joiners": "👩" + "\u200d" * 200_000,
    "empty lines": "\n" * 200_000,
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_takes_no_longer_than_its_length(hostile: str) -> None:
    started = time.process_time()
    compare(hostile, "x" + hostile)
    assert time.process_time() - started < 10
