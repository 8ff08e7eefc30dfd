"""Personal data in a draft that is neither this customer's nor the company's. Pure.

Past replies are no excuse: what they hold of another customer is what must not go out.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice

import regex
from stdnum import iban, luhn

from agents.guardrails.subject import Subject

MOST_FOUND = 50
LEAST_PHONE_DIGITS = 8
PATTERN_TIMEOUT_S = 0.05

EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}\b")
PHONE = re.compile(
    r"(?<![\w+.,/-])(?:\+\d{1,3}|00\d{1,3}|\(?0\d{1,5}\)?)(?:[ ()/.-]{1,3}\d{1,9}){1,6}(?![\w-])"
    r"|(?<![\w+.,/-])(?:\+\d{8,15}|0\d{9,12})(?!\w)"
)
_DATE = re.compile(r"\d\d[./-]\d\d[./-]\d{4}")
CARD = re.compile(r"(?<![\w.,/=-])\d(?:[ -]?\d){12,18}(?![\w/-])")
_BRANDS = re.compile(r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7]|6\d)\d{14}|3[47]\d{13}")
IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d\d(?: ?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_STREET = (
    r"(?:street|st\.|road|rd\.|avenue|ave\.|lane|drive|close|crescent|terrace|court|square|way"
    r"|gardens|mews)"
)
_NUMBER = r"\d{1,4}\s?[a-zA-Z]?"
ADDRESS = re.compile(
    rf"(?<!\w){_NUMBER},? (?:[A-Z][\w'’.-]{{1,24}} ){{1,3}}(?i:{_STREET})(?!\w)"
    r"|(?<!\w)[A-ZÄÖÜ][\wäöüß-]{2,30}(?:stra(?:ß|ss)e|str\.|weg|gasse|platz|allee|straat|laan"
    rf"|gracht|plein|kade|singel|dijk|ring|ufer|damm) {_NUMBER}(?!\w)"
    r"|(?<!\w)(?:Am|An der|Im|Zum|Zur|Auf dem|Unter den) [A-ZÄÖÜ][\wäöüß-]{2,24} \d{1,3}[a-z]?,? "
    r"\d{4,5}(?!\d)"
    rf"|(?<!\w){_NUMBER},? (?i:rue|avenue|boulevard|place|all[ée]e|chemin|quai|impasse) "
    r"(?:[\w'’.-]{1,24} ){0,3}[A-ZÀ-Ü][\w'’-]{1,24}"
    r"|(?<!\w)(?i:calle|avenida|avda\.|plaza|paseo|camino|rua|via) (?:[\w'’.-]{1,24} ){0,3}"
    rf"[A-ZÁÉÍÓÚÑ][\w'’-]{{1,24}},? {_NUMBER}(?!\w)"
)


def personal_data(subject: Subject) -> str:
    """Say what personal data of somebody else the draft would give away.

    Catches e-mail addresses, telephone numbers, street addresses, bank accounts and cards (by
    their checksums), and order numbers by the company's own patterns, unless they stand in this
    conversation, this customer's data, the company's facts or an article. Lets through names, and
    addresses without a street word. The sentence names the kind, never what was found.
    """
    if not subject.draft:
        return ""
    known = "\n".join([subject.own, *(article.text for article in subject.articles)])
    kinds = [
        what
        for what, found, form in (
            ("an e-mail address", _all(EMAIL), str.lower),
            ("a telephone number", _phones, _phone),
            ("a bank account", _ibans, _bare),
            ("a card number", _cards, _digits),
            ("a postal address", _all(ADDRESS), _bare),
        )
        if (given := _forms(form, found, subject.draft)) and given - _forms(form, found, known)
    ]
    named = _order_numbers(subject, subject.draft)
    if named and named - _order_numbers(subject, subject.own):
        kinds.append("an order or reference number")
    if not kinds:
        return ""
    said = ", ".join(kinds[:-1]) + (" and " if len(kinds) > 1 else "") + kinds[-1]
    return f"The draft gives {said} that this conversation does not know."


Finder = Callable[[str], Iterator[str]]


def _forms(form: Callable[[str], str], found: Finder, text: str) -> set[str]:
    return {form(one) for one in found(text)}


def _all(pattern: re.Pattern[str]) -> Finder:
    return lambda text: (found[0] for found in pattern.finditer(text))


def _phones(text: str) -> Iterator[str]:
    """Yield what is long enough for a number, and is neither a date nor part of an account."""
    for found in PHONE.finditer(IBAN.sub(" ", text)):
        if len(_digits(found[0])) >= LEAST_PHONE_DIGITS and not _DATE.match(found[0]):
            yield found[0]


def _cards(text: str) -> Iterator[str]:
    for found in CARD.finditer(text):
        digits = _digits(found[0])
        if _BRANDS.fullmatch(digits) and luhn.is_valid(digits):
            yield digits


def _ibans(text: str) -> Iterator[str]:
    for found in IBAN.finditer(text):
        words = _bare(found[0]).upper()
        # A word that follows may have been read as its last group.
        for length in range(len(words), 14, -1):
            if iban.is_valid(words[:length], check_country=False):
                yield words[:length]
                break


def _order_numbers(subject: Subject, text: str) -> set[str]:
    """Return the company's numbers in the text. Its patterns are an admin's: each has its time."""
    company = subject.company
    patterns = [*company.get("order_number_patterns", ())]
    for more in company.get("reference_patterns", {}).values():
        patterns += more
    return {
        _bare(found[0]).upper()
        for pattern in patterns
        for found in islice(
            regex.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text, timeout=PATTERN_TIMEOUT_S),
            MOST_FOUND,
        )
    }


def _phone(text: str) -> str:
    """Return the last nine digits, which are the same with and without the country's code."""
    return _digits(text)[-9:]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())
