"""Which past reply answers a question best: by sense, by letters, by its category's chance. Pure.

A past reply is known by the questions it answered and by its own words. What is known of a reply
does not change from one question to the next, so it is worked out once a process.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from agents.local_model.errors import MalformedTemplate
from agents.local_model.slots import fill
from memory.embeddings import embed

# Chosen by cross-validation on the demo's examples (docs/draft-quality.md). A category e times as
# likely weighs as much as 0.025 of similarity.
_CHANCE_WEIGHT = 0.025
_LEAST_CHANCE = 0.001

_GRAM_LENGTHS = (3, 4, 5)
_BUCKETS = 1 << 18
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - 18)


@dataclass(frozen=True, kw_only=True)
class PastReply:
    """A reply that was right before.

    questions: those it answered. reply: a template with slots. articles: slugs it rests on, the
    main one first.
    """

    id: str
    category: str
    questions: tuple[str, ...]
    reply: str
    articles: tuple[str, ...] = ()
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A past reply with its similarity to the question, in [0, 1].

    question: of those it answered, the nearest.
    """

    past: PastReply
    similarity: float
    question: str


def merged(replies: Iterable[PastReply]) -> list[PastReply]:
    """Return each reply once, known by all the questions it answered.

    Replies of one category with the same text are the same reply, and the first gives its id.
    """
    same: dict[tuple[str, str], list[PastReply]] = {}
    for past in replies:
        same.setdefault((past.category, past.reply), []).append(past)
    return [
        replace(first, questions=tuple(q for past in (first, *others) for q in past.questions))
        for first, *others in same.values()
    ]


def rank(
    question: str, replies: Sequence[PastReply], *, chances: Mapping[str, float], limit: int
) -> list[Ranked]:
    """Return the `limit` replies that fit the question best, best first.

    chances: category to the chance that the question belongs to it; replies of other categories
    are passed over. The order of the replies does not matter.
    """
    known = [(past, _prior(chances[past.category])) for past in replies if past.category in chances]
    asked = _sense(question)
    by_sense = [(float(_sense_of(past) @ asked), prior, past) for past, prior in known]
    # Letters are the dearer half, so they are compared for those that sense lets through.
    by_sense.sort(key=lambda found: (-found[0] / 2 - found[1], found[2].id))
    shortlist = by_sense[:limit]
    letters = _letter_cosines(question, [past for _, _, past in shortlist])
    found = [
        (
            Ranked(
                past=past,
                similarity=_ratio((sense + letter) / 2),
                question=max(past.questions, key=lambda text: float(_sense(text) @ asked)),
            ),
            prior,
        )
        for (sense, prior, past), letter in zip(shortlist, letters, strict=True)
    ]
    found.sort(key=lambda pair: (-pair[0].similarity - pair[1], pair[0].past.id))
    return [ranked for ranked, _ in found]


def _prior(chance: float) -> float:
    return _CHANCE_WEIGHT * log(max(chance, _LEAST_CHANCE))


def _ratio(cosine: float) -> float:
    return round(min(max(cosine, 0.0), 1.0), 6)


def _words_of(past: PastReply) -> str:
    """Return the reply's own words; a malformed template's are as they stand."""
    try:
        return fill(past.reply, {})
    except MalformedTemplate:
        return past.reply


@lru_cache(maxsize=2048)
def _sense_of(past: PastReply) -> NDArray[np.float32]:
    """Return the unit vector between the reply's questions and its words, zero if none is known."""
    mean = np.mean([_sense(text) for text in (*past.questions, _words_of(past))], axis=0)
    length = float(np.linalg.norm(mean))
    return np.asarray(mean / length if length else mean, dtype=np.float32)


@lru_cache(maxsize=4096)
def _sense(text: str) -> NDArray[np.float32]:
    vector: NDArray[np.float32] = embed([text])[0]
    return vector


@dataclass(frozen=True, kw_only=True)
class _Letters:
    """A text's runs of 3 to 5 letters within words, each in its bucket.

    weights: 1 + the logarithm of how often each occurs.
    """

    buckets: NDArray[np.uint32]
    weights: NDArray[np.float32]


@lru_cache(maxsize=512)
def _letters_of(past: PastReply) -> _Letters:
    return _letters("\n".join([*past.questions, _words_of(past)]))


def _letters(text: str) -> _Letters:
    padded = f" {' '.join(text.lower().split())} "
    codes = np.frombuffer(padded.encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
    buckets, counts = np.unique(
        np.concatenate([_grams(codes, length) for length in _GRAM_LENGTHS]), return_counts=True
    )
    return _Letters(buckets=buckets, weights=(1 + np.log(counts)).astype(np.float32))


def _grams(codes: NDArray[np.uint64], length: int) -> NDArray[np.uint32]:
    """Return the bucket of each run of so many letters; a space may only begin or end a run."""
    if len(codes) < length:
        return np.zeros(0, dtype=np.uint32)
    runs = sliding_window_view(codes, length)
    within = (runs[:, 1:-1] != ord(" ")).all(axis=1)
    hashed = np.zeros(int(within.sum()), dtype=np.uint64)
    for column in runs[within].T:
        hashed = (hashed + column) * _MULTIPLIER
    return (hashed >> _SHIFT).astype(np.uint32)


def _letter_cosines(question: str, replies: Sequence[PastReply]) -> list[float]:
    """Return the cosine of TF-IDF letters between the question and each reply's texts.

    Runs are weighted by how rare they are among these replies, so that what all of them say
    counts for little. Runs of the question that none of them has count for nothing.
    """
    known = [_letters_of(past) for past in replies]
    holders = np.zeros(_BUCKETS, dtype=np.intp)
    for letters in known:
        holders[letters.buckets] += 1
    rarity = np.log((1 + len(known)) / (1 + np.arange(len(known) + 1))) + 1
    asked = _letters(question)
    held_by = holders[asked.buckets]
    sought = np.zeros(_BUCKETS)
    sought[asked.buckets] = asked.weights * np.where(held_by > 0, rarity[held_by], 0.0)
    length = float(np.linalg.norm(sought[asked.buckets]))
    cosines = []
    for letters in known:
        weights = letters.weights * rarity[holders[letters.buckets]]
        lengths = length * float(np.linalg.norm(weights))
        cosines.append(float(weights @ sought[letters.buckets]) / lengths if lengths else 0.0)
    return cosines
