"""Reading a text as patterns and measures do: folded, cut into sentences and words. Pure.

Every pattern here and in the guardrails is anchored or bounded, so that its time grows with the
length of the text and no faster.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# Longer texts are read at both ends; no model is given more of a conversation than a tenth of it.
MOST_CHARACTERS = 400_000
QUOTED_WORDS = 8
QUOTED_CHARACTERS = 60

_INVISIBLE = dict.fromkeys(
    (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0xAD, 0x180E)
)
# Cyrillic and Greek letters that pass for Latin ones inside a Latin word.
_TWINS = str.maketrans("асеорхуіјѕԁһԛԝοανικ", "aceopxyijsdhqwoavik")
_PLAIN = str.maketrans("’‘‚“”„«»–—", '\'\'\'"""""--')
_MIXED = re.compile(r"\b(?=\w{0,40}[a-z])(?=\w{0,40}[Ͱ-ӿ])\w{2,40}\b")
_ACCENTED = re.compile("[^\x00-\x7f]+")
_SENTENCE_END = re.compile(r"(?<=[.!?;])[\s\"']{1,4}|\n+|(?<=:)\s{1,4}(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")
NUMBER = re.compile(r"(?<![\w.,])\d{1,12}(?:[.,' ]\d{3}(?!\d)){0,4}(?:[.,]\d{1,2}(?!\d))?")
_THOUSANDS = re.compile(r"[.,' ](?=\d{3}(?!\d))")

NUMBER_WORDS = {
    word: str(number)
    for number, words in enumerate(
        (
            "two zwei deux dos twee",
            "three drei trois tres drie",
            "four vier quatre cuatro",
            "five funf fuenf cinq cinco vijf",
            "six sechs seis zes",
            "seven sieben sept siete zeven",
            "eight acht huit ocho",
            "nine neun neuf nueve negen",
            "ten zehn dix diez tien",
        ),
        start=2,
    )
    for word in words.split()
} | {"twelve": "12", "fourteen": "14", "thirty": "30", "half": "0.5"}


def ends(text: str, room: int = MOST_CHARACTERS) -> str:
    """Return the text, of one too long its beginning and its end."""
    return text if len(text) <= room else f"{text[: room // 2]}\n{text[-room // 2 :]}"


def folded(text: str) -> str:
    """Return the text in small plain letters: no accents, disguises or invisible characters."""
    text = ends(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).translate(_PLAIN)
    text = text.lower()
    if text.isascii():
        return text
    text = _MIXED.sub(lambda found: found[0].translate(_TWINS), text)
    return _ACCENTED.sub(lambda found: _without_accents(found[0]), text)


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.replace("ß", "ss").replace("œ", "oe"))
    return "".join(mark for mark in apart if not unicodedata.combining(mark))


def quoted(text: str) -> str:
    """Return a few words of the text on one line, in quotation marks."""
    words = text.split()
    shown = " ".join(words[:QUOTED_WORDS])
    is_cut = len(words) > QUOTED_WORDS or len(shown) > QUOTED_CHARACTERS
    return f"“{shown[:QUOTED_CHARACTERS].rstrip()}{'…' if is_cut else ''}”"


def sentences(text: str) -> list[str]:
    """Return the text's sentences and lines, none empty."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def numbers(text: str) -> set[str]:
    """Return the figures in a text, each in one form: `1,549.00` and `1.549` are both `1549`."""
    return {one_form(found[0]) for found in NUMBER.finditer(text)} | {
        NUMBER_WORDS[word] for word in _words(text) if word in NUMBER_WORDS
    }


def one_form(number: str) -> str:
    """Return the figure without separators and needless zeros."""
    plain = _THOUSANDS.sub("", number).replace(",", ".").replace("'", "")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain.lstrip("0") or "0"


def content_words(text: str) -> set[str]:
    """Return the stems of the words that carry meaning, of folded text."""
    return {stem(word) for word in _words(text) if len(word) > 3 and word not in STOP_WORDS}


def _words(text: str) -> Iterator[str]:
    return (found[0] for found in _WORD.finditer(text))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the word without its commonest endings: enough to match `refunded` and `refunds`."""
    for ending in ("ations", "ation", "ingly", "ings", "ing", "ies", "ied", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


_STOP = """
about after again also although always another because been before being both cannot could
dear does doing done each either else even every from give given good have having hello here
hope into just kind know like look make many more most much must need next once only other
over please regards same shall should since some such sure take than thank thanks that their
them then there these they thing this those through under until upon very want well were what
when where whether which while will with within without would write writing your yours
reply answer message support colleague glad sorry happy help
aber auch beim bitte dann dass dein diese dieser doch eine einem einen einer eines fuer haben
hallo hier ihre ihrem ihren ihrer kann konnen mehr mein mich mussen nach nicht noch oder ohne
sehr sein sich sind uber unser unsere viele vielen wenn werden wird wurde zum zur dank grusse
avec bien bonjour cela cette comme dans depuis des elle etre leur mais merci meme notre nous
pour plus sans sont tout tous une votre vous cordialement
como con cuando desde donde ella ellos esta este esto gracias hola mas nuestra nuestro para
pero por que sobre sus tambien tiene todo una usted ustedes saludos
alle bent deze door geen graag haar heeft hebben hier jouw kunnen maar meer naar niet onze
uw van voor wanneer waar wordt worden zijn zullen groet bedankt beste
"""
STOP_WORDS = frozenset(_STOP.split())
