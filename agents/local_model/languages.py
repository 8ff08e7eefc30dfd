"""Which language a message is written in."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

DEFAULT = "en"

# Told apart among these: with all 140 that the model knows, short English turns into rare ones.
LANGUAGES = (
    *("en", "de", "fr", "es", "nl", "it", "pt", "da", "sv", "no", "fi", "pl", "cs", "hu", "ro"),
    *("tr", "el", "ru", "uk", "bg", "ar", "he", "hi", "th", "zh", "ja", "ko"),
)

# Of 13,000 short English messages (BANKING77, CLINC150), none is called foreign at this line.
_LEAST_CHANCE = 0.6
_LEAST_LATIN_LETTERS = 10
_MOST_CHARACTERS = 5_000  # a pasted log tells no more of the language, and takes long to read
_MOST_READ = 4 * _MOST_CHARACTERS  # of which addresses and the like are taken away
# Says nothing of the language: addresses, and words with digits in them.
_NOISE = re.compile(r"https?://|www\.|@|\d")

_loading = Lock()


def detect_language(messages: Sequence[str]) -> str:
    """Return the ISO 639-1 code of the messages' language, "en" where there is little to go by."""
    return certain_language(messages) or DEFAULT


def certain_language(messages: Sequence[str]) -> str:
    """Return the ISO 639-1 code of the messages' language, "" where there is little to go by."""
    words = " ".join(messages)[:_MOST_READ].split()
    text = " ".join(word for word in words if not _NOISE.search(word))[:_MOST_CHARACTERS]
    if not _is_enough(text):
        return ""
    with _loading:
        identifier = _identifier()
    language, chance = identifier.classify(text)
    return str(language) if chance >= _LEAST_CHANCE else ""


def _is_enough(text: str) -> bool:
    """Return whether there are letters enough; a script of its own needs few."""
    letters = [character for character in text if character.isalpha()]
    latin = sum(character.isascii() or _is_latin(character) for character in letters)
    return latin >= _LEAST_LATIN_LETTERS or latin < len(letters) / 2


def _is_latin(character: str) -> bool:
    return unicodedata.name(character, "").startswith("LATIN")


@cache
def _identifier() -> "LanguageIdentifier":
    # Imported late: its model takes most of a second to load.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    return identifier
