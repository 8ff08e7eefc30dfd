"""Promises of money and of dates that nothing the company has said supports. Pure.

A promise is supported by a sentence with the same figures or day, and a word in common besides,
in a cited article, a past reply, what support wrote before, the company's facts or a tool's
answer. What the customer says was promised supports nothing.
"""

import re
from collections.abc import Callable
from functools import cache

from agents.guardrails.patterns import AMOUNT, DATE, DATE_WORD
from agents.guardrails.subject import Subject
from agents.guardrails.text import content_words, numbers, quoted, sentences

# Of a promise without a figure, so much must be said in one sentence of a source.
LEAST_SHARED_RATIO = 0.6
MOST_PROMISES = 100

GIVES = re.compile(
    r"\b(?:refund\w{0,3}|reimburs\w{1,6}|credit(?:ed|ing|s)?(?! ?(?:cards?|notes?)\b)"
    r"|compensat\w{1,5}|pay back|discount\w{0,3}|voucher|gift card|money back|free of charge"
    r"|for free|at no (?:extra )?(?:cost|charge)|waive\w{0,2}"
    r"|(?:cover|pay|bear|take over) (?:the|your|all) (?:\w{2,12} )?"
    r"(?:costs?|shipping|postage|repair)"
    r"|erstatt\w{1,6}|ruckerstatt\w{1,6}|zuruckzahl\w{1,4}|gutschrift|gutschreiben|gutschein"
    r"|rabatt|entschadig\w{1,5}|kostenlos|kostenfrei|ubernehmen|uberweis\w{1,4}"
    r"|rembours\w{1,8}|credit(?:er|ons|erons)|dedommag\w{1,8}|remise|bon d'achat|gratuit\w{0,5}"
    r"|reembols\w{1,6}|devolv\w{1,7}|abonar\w{0,4}|descuento|compensar\w{0,4}|vale de"
    r"|gratis|gratuit[oa]s?|terugbetal\w{1,4}|terugstort\w{1,4}|storten|vergoed\w{1,4}|korting"
    r"|tegoed(?:bon)?|kosteloos)\b"
)
# Of money only with an amount beside them.
HANDS_OVER = re.compile(
    r"\b(?:pay|give|send|offer|grant|transfer|zahlen|geben|schenken|gewahren|versons|offrons"
    r"|accordons|donnons|damos|pagamos|ofrecemos|transferimos|betalen|geven|schenken)\b"
    r"|\boff (?:your|the)\b"
)
NOT = re.compile(
    r"\b(?:no|not|never|none|without|kein\w{0,2}|nicht|nie|pas|aucun\w{0,2}|jamais|nunca|sin"
    r"|niet|geen|nooit)\b|n't\b"
)
NEAR_CHARACTERS = 30
ONE = re.compile(r"\b(?:one|ein(?:er|em)?|une?|een)\b")
COMMITS = re.compile(
    r"\b(?:i|we)(?:'ll| will| have|'ve| are|'re|'d| shall)? (?:[a-z]{2,12} ){0,2}(?:refund|reimburs"
    r"|credit|compensat|giv|offer|waiv|cover|pay|send|grant|issu|arrang|process|releas|transfer)"
    r"\w{0,4}\b|\byou(?:'ll| will)? (?:get|receive)\b|\b(?:will|has|have) (?:now )?be(?:en)?\b"
    r"|\bis on (?:its|the) way\b|\b(?:for free|free of charge|at no (?:extra )?c\w{3,5})\b"
    r"|\b(?:wir|ich|sie) (?:werden|wird|erhalten|bekommen|erstatten|haben|habe|uberweisen|geben"
    r"|ubernehmen|schenken|zahlen|gewahren)\b|\b(?:erstatten|erhalten|bekommen|geben) (?:wir|sie)\b"
    r"|\b(?:nous|je|vous) (?:vous )?(?:allons|vais|recevrez|remboursons|rembourserons|offrons"
    r"|avons|accordons|ferons)\b|\bsera (?:rembourse|credite)\w{0,2}\b"
    r"|\b(?:recibira|hemos|haremos|devolveremos|reembolsaremos|ofrecemos|abonaremos)\b"
    r"|\b(?:wij|we|ik|u|je) (?:zullen|zal|krijgt|ontvangt|betalen|storten|vergoeden|geven|hebben)\b"
)
NOT_MEANT = re.compile(
    r"\b(?:if|unless|in (?:that|this|such) (?:a )?case|cannot|can't|could not|not able"
    r"|unfortunately|wenn|falls|leider|si|malheureusement|lamentablemente|als|helaas|indien|sofern)\b"
)
SURE = re.compile(
    r"\b(?:i|we) (?:can )?(?:guarantee|promise)\b|\bguaranteed\b|\bwithout fail\b"
    r"|\b(?:garantier|versprech)\w{1,4} (?:ich|wir|ihnen)\b"
    r"|\b(?:ich|wir) (?:garantier|versprech)\w{1,4}\b"
    r"|\bgarantiert\b|\b(?:nous|je) (?:vous )?(?:garantis\w{0,4}|promet\w{1,5})\b"
    r"|\b(?:le|les) (?:garantizamos|garantizo|prometemos|prometo)\b"
    r"|\b(?:wij|we|ik) (?:garander\w{1,3}|belo(?:ven|of))\b|\bgegarandeerd\b"
)
WILL = re.compile(
    r"\b(?:i|we|it|they|he|she|you|this|that|which|parcel|order|refund|money|machine|replacement|"
    r"package|delivery|technician|colleague|workshop)(?:'ll| will| is going to| are going to)\b"
    r"|\bwill (?:be|arrive|reach|get|come|leave|ship|have)\b"
    r"|\b(?:arrives?|leaves?|ships?|comes?|gets? (?:it|there)|is there|hears? from (?:us|me)"
    r"|you (?:get|receive|have|hear)|by|until|no later than)\b"
    r"|\b(?:wird|werden|kommt|trifft|(?:erhalten|bekommen) sie|sie (?:erhalten|bekommen)|bis)\b"
    r"|\b(?:sera|serez|arrivera|recevrez|partira|d'ici|avant)\b"
    r"|\b(?:llegara|recibira|sera|estara|saldra|antes del?)\b"
    r"|\b(?:zal|zult|wordt|komt aan|ontvangt|krijgt|uiterlijk|voor)\b"
)


def money(subject: Subject) -> str:
    """Say that the draft promises money which nothing supports.

    Catches sentences that give money away (refunds, credit, discounts, vouchers, things for free)
    with or without an amount, in five languages. Lets through conditions ("if it is damaged, we
    refund"), refusals, prices, and what a source says in the same figures.
    """
    return _unsupported(subject, _promises_money, _amounts, "promises money")


def dates(subject: Subject) -> str:
    """Say that the draft promises a day, a span of time or a certainty which nothing supports.

    Catches "arrives on Friday", "within three days", "we guarantee", in five languages. Lets
    through conditions, days of the past, opening hours, and what a source says in the same days.
    """
    return _unsupported(subject, _promises_a_date, _days, "promises a date")


def _unsupported(
    subject: Subject,
    is_promise: Callable[[str], bool],
    figures: Callable[[str], set[str]],
    what: str,
) -> str:
    promises = [one for one in sentences(subject.drafted) if is_promise(one)]
    if not promises:
        return ""
    words_of, figures_of = cache(content_words), cache(figures)  # each line's once, if at all

    def supports(line: str, words: set[str], claimed: set[str]) -> bool:
        if claimed:
            return not words.isdisjoint(words_of(line)) and claimed <= figures_of(line)
        return len(words & words_of(line)) >= LEAST_SHARED_RATIO * len(words)

    for promise in promises[:MOST_PROMISES]:
        words, claimed = content_words(promise), figures(promise)
        if not any(supports(line, words, claimed) for line in subject.promised_lines):
            return f"The draft {what} that no source supports: {quoted(promise)}."
    return ""


def _promises_money(sentence: str) -> bool:
    if sentence.endswith("?") or NOT_MEANT.search(sentence):
        return False
    amount = AMOUNT.search(sentence)
    given = GIVES.search(sentence) or (amount and HANDS_OVER.search(sentence))
    if not given or NOT.search(sentence[max(0, given.start() - NEAR_CHARACTERS) : given.start()]):
        return False
    return bool(amount or COMMITS.search(sentence))


def _promises_a_date(sentence: str) -> bool:
    if sentence.endswith("?") or NOT_MEANT.search(sentence):
        return False
    return bool(SURE.search(sentence) or (DATE.search(sentence) and WILL.search(sentence)))


def _amounts(sentence: str) -> set[str]:
    return {number for found in AMOUNT.finditer(sentence) for number in numbers(found[0])}


def _days(sentence: str) -> set[str]:
    words = set(DATE_WORD.findall(sentence))
    spans = (ONE.sub("1", found[0]) for found in DATE.finditer(sentence))
    return words | {number for span in spans for number in numbers(span)}
