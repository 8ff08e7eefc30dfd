"""How far a draft's claims stand in what it may rest on. Pure.

A lexical measure, in the line of ROUGE-like precision against the source ("On Faithfulness and
Factuality in Abstractive Summarization", Maynez et al. 2020), with numbers held apart: a wrong
number is the commonest untruth and the one a lexical measure finds best.
"""

import re
from dataclasses import dataclass

from agents.guardrails.links import LINK
from agents.guardrails.subject import Subject
from agents.guardrails.text import (
    NUMBER,
    content_words,
    ends,
    folded,
    numbers,
    one_form,
    quoted,
    sentences,
    stem,
)

# Tuned on the demo's past replies with their articles (docs/guardrails.md).
LEAST_COVERED_RATIO = 0.3
LEAST_WORDS = 6

CONDITION = re.compile(
    r"\b(?:if|unless|only|must|always|never|free|cannot|warranty|required|wenn|falls|nur|immer|nie"
    r"|kostenlos|garantie|si|seulement|toujours|jamais|gratuit\w{0,3}|solo|siempre|nunca|gratis"
    r"|als|alleen|altijd|nooit)\b"
)
NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,20}|“[^”\n]{2,40}”")


# What figures are counted in, by the stem of the word behind them.
_UNIT_WORDS = """
hour hours day days week weeks month months year years minute minutes second seconds
percent eur euro euros gbp pounds usd dollars chf bar grams kg litre litres degrees
stunde stunden tag tage tagen werktage werktagen woche wochen monat monate monaten jahr
jahre jahren minuten prozent heure heures jour jours semaine semaines mois an ans pour
hora horas dia dias semana semanas mes meses ano anos uur uren dag dagen werkdagen week
weken maand maanden jaar procent
"""
_UNITS = frozenset(map(stem, _UNIT_WORDS.split()))
_ENUMERATOR = re.compile(r"(?m)^\s{0,8}\d{1,2}[.)]\s")
_BEHIND = re.compile(
    r"[ -]{0,2}(?:(?:to|or|and|bis|oder|a|ou|o|tot|of|-) ?\d{1,4} )?"
    r"(?:working |business )?(%|[^\W\d_]{2,20})"
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of a draft that can be wrong. covered_ratio: of its words, in the sources."""

    text: str
    covered_ratio: float


def figures(subject: Subject) -> str:
    """Say which figure of the draft no source has.

    Catches numbers that no cited article, message or fact of the company has, and those that are
    counted in another unit there: "7 working days" where the article has "7 EUR". Lets through a
    figure that a source has about something else.
    """
    plain = _sources(subject)
    known_numbers, known = numbers(plain), _counted(plain)
    for sentence in sentences(_prose(subject)):
        for number, unit in _counted(folded(sentence)):
            if number not in known_numbers or (unit in _UNITS and (number, unit) not in known):
                return f"The draft has a figure that its sources do not: {quoted(sentence)}."
    return ""


def grounding(subject: Subject) -> str:
    """Say which claim of the draft its sources do not bear out.

    Catches sentences with figures, names or conditions most of whose words no cited article,
    message or fact of the company has. Lets through untruths in the sources' own words, such as
    a "not" too many, and short sentences.
    """
    for claim in claims(subject):
        if claim.covered_ratio < LEAST_COVERED_RATIO:
            return f"The draft claims what its sources do not say: {quoted(claim.text)}."
    return ""


def claims(subject: Subject) -> list[Claim]:
    """Return the draft's sentences with figures, names or conditions, each with its measure."""
    known = content_words(_sources(subject))
    found = []
    for sentence in sentences(_prose(subject)):
        plain = folded(sentence)
        words = content_words(plain)
        is_claim = CONDITION.search(plain) or NAME.search(sentence) or numbers(plain)
        if is_claim and len(words) >= LEAST_WORDS:
            covered_ratio = len(words & known) / len(words)
            found.append(Claim(text=sentence, covered_ratio=covered_ratio))
    return found


def _prose(subject: Subject) -> str:
    """Return the draft without its links and the numbers of its lists."""
    return _ENUMERATOR.sub("", LINK.sub(" ", ends(subject.draft)))


def _sources(subject: Subject) -> str:
    articles = (f"{article.title}\n{article.text}" for article in subject.cited_articles)
    return folded("\n".join([*articles, subject.own]))


def _counted(text: str) -> set[tuple[str, str]]:
    """Return every figure with the stem of the word behind it, "" where there is none."""
    found = set()
    for number in NUMBER.finditer(text):
        behind = _BEHIND.match(text, number.end(), number.end() + 40)
        found.add((one_form(number[0]), stem(behind[1]) if behind else ""))
    return found
