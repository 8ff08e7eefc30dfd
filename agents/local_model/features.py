"""What the local model sees of a message: its words, its letters and its sense."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from agents.local_model.errors import NothingToLearn
from memory.embeddings import embed

# A word or a punctuation mark: "where is my card" and "where is my card?" differ a little.
_TOKEN = r"(?u)\w+|[^\w\s]"  # noqa: S105 (a pattern, not a secret)
# From this many examples on, a feature seen in one of them only is noise and half of the memory.
_RARE_FROM = 2_000
_VECTOR_WEIGHT = 1.75

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Messages as numbers, one row each.

    matrix: TF-IDF of words and letters beside the weighted sentence vector. vectors: the sentence
    vectors alone, unit length. known_ratio: share of the words and word pairs met in training.
    """

    matrix: sparse.csr_matrix
    vectors: Floats
    known_ratio: Floats


@dataclass(frozen=True, kw_only=True)
class TextFeatures:
    """Turns texts into features fitted on the training texts."""

    words: TfidfVectorizer
    letters: TfidfVectorizer

    @classmethod
    def fit(cls, texts: Sequence[str]) -> "TextFeatures":
        """Return features fitted on the texts. Raises NothingToLearn if they are all blank."""
        least = 2 if len(texts) >= _RARE_FROM else 1
        words = _tfidf(analyzer="word", ngram_range=(1, 2), token_pattern=_TOKEN, min_df=least)
        letters = _tfidf(analyzer="char_wb", ngram_range=(3, 5), min_df=least)
        try:
            return cls(words=words.fit(texts), letters=letters.fit(texts))
        except ValueError as error:
            raise NothingToLearn("The examples hold no words to learn from.") from error

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Return the features of the texts."""
        vectors = embed(texts)
        blocks = [
            _transformed(self.words, texts),
            _transformed(self.letters, texts),
            sparse.csr_matrix(vectors * np.float32(_VECTOR_WEIGHT)),
        ]
        return Encoded(
            matrix=sparse.hstack(blocks, format="csr", dtype=np.float32),
            vectors=vectors,
            known_ratio=self._known_ratio(texts),
        )

    def _known_ratio(self, texts: Sequence[str]) -> Floats:
        """Return for each text the share of its words and word pairs that training had."""
        analyse: Callable[[str], list[str]] = self.words.build_analyzer()
        vocabulary: dict[str, int] = self.words.vocabulary_
        ratios = np.zeros(len(texts), dtype=np.float32)
        for row, text in enumerate(texts):
            terms = analyse(text)
            if terms:
                ratios[row] = sum(term in vocabulary for term in terms) / len(terms)
        return ratios


def _transformed(vectoriser: TfidfVectorizer, texts: Sequence[str]) -> sparse.csr_matrix:
    """Return the TF-IDF rows; scikit-learn itself refuses to give none for no texts."""
    if not texts:
        return sparse.csr_matrix((0, len(vectoriser.vocabulary_)), dtype=np.float32)
    return vectoriser.transform(texts)


def _tfidf(**settings: Any) -> TfidfVectorizer:
    return TfidfVectorizer(sublinear_tf=True, lowercase=True, dtype=np.float32, **settings)
