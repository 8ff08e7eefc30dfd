"""Finders of passwords, keys and tokens; the contract is that of `review.secret_finders`."""

import re
from collections.abc import Iterator

import regex

from review.secret_finders import CARD_MASK, MASK, Hit

_NO_MASK = MASK + CARD_MASK
_EDGES = " \t\r\n.,;:!?)]}>\"'([{<"

_LABEL = (
    r"(?:pass ?(?:word|phrase|code|wort)|passwd|pwd|pw|kennwort|mot de passe|mdp|contrase[ñn]a"
    r"|clave|wachtwoord|senha|parola|l[öo]senord|passord|adgangskode)"
)
_BARE = rf"[^\s{_NO_MASK}]{{1,200}}"
_QUOTED = "|".join(rf"{mark}[^{mark}\n{_NO_MASK}]{{1,200}}{mark}" for mark in ('"', "'", "`"))
_IS = r"(?:is|was|to|ist|lautet|war|auf|est|était|es|era|är|er|è)"

# Values stand in lookaheads, so that the search goes on inside them: "password: password: x".
_LABELLED_PASSWORD = re.compile(
    rf"(?<![A-Za-z0-9]){_LABEL}[\"']?[ \t]{{0,3}}(?:=>|:=|[:=])(\s{{0,4}})"
    rf"(?=({_QUOTED}|{_BARE}))"
    rf"|^[ \t]{{0,4}}pass[ \t]{{0,2}}[:=]([ \t]{{0,4}})(?=({_BARE}))",
    re.IGNORECASE | re.MULTILINE,
)
_TOLD_PASSWORD = re.compile(
    rf"(?<![A-Za-z0-9]){_LABEL}((?:\s{{1,2}}[^\s{_NO_MASK}]{{1,20}}){{0,4}}?)"
    rf"(?:\s{{1,2}}{_IS}[\s:]{{1,3}}|(?<=\S[:=])\s{{1,2}})(?=({_QUOTED}|{_BARE}))",
    re.IGNORECASE,
)
_ADJACENT_PASSWORD = re.compile(rf"(?<![A-Za-z0-9]){_LABEL}\s{{1,2}}(?=({_BARE}))", re.IGNORECASE)
_ANY_LABEL = re.compile(_LABEL, re.IGNORECASE)
_URL_PASSWORD = re.compile(rf"(?<=://)[^\s/:@?#{_NO_MASK}]{{0,128}}:([^\s/@{_NO_MASK}]{{1,256}})@")
_REFERENCE = re.compile(r"[A-Z]{2,5}[-#]?\d+|\S+@\S+\.\w+|https?://.*", re.DOTALL)
_FIGURE = re.compile(r"\d{1,4}(?:[.,:/-]\d{1,4}){1,2}")  # a date, a time, an amount
_CLAUSE_END = re.compile(r"[ \t\"')]*(?:[.,;!?\n\r]|$|and\b|und\b|et\b|y\b|en\b)")
_STRONG_CHARS = 4

# What follows a password word where people complain about passwords instead of telling one.
_PROSE_WORDS = """
    a an the it its i my me you your we our this that these is was are be been has have had do
    does did not no nor never none nothing please can cannot can't could how why what when where
    who if and or but so to in on at by for from of with as hello hi hey dear thanks thank help
    reset resets change changed forgot forgotten forget lost wrong incorrect correct invalid valid
    expired expiring missing required needed unknown empty blank blocked locked rejected refused
    denied declined accepted broken gone compromised leaked stolen hacked weak strong secure safe
    unsafe short long too very still always also already now again only just late old new same
    different okay ok fine good bad working unable impossible possible available unavailable log
    login sign continue access enter get see use open make set update proceed order pay removed
    der die das ein eine es ich mein meine ist war nicht kein keine falsch ungültig richtig
    vergessen abgelaufen gesperrt bitte wie warum und oder zu in hilfe zurücksetzen leider
    le la les un une il je mon ma est pas ne non incorrect incorrecte invalide expiré oublié perdu
    bloqué bonjour comment pourquoi et ou merci aide réinitialiser
    el los las una yo mi no incorrecta incorrecto inválida caducada olvidada perdida hola por
    favor cómo y o ayuda gracias
    de het een ik mijn niet geen verkeerd ongeldig verlopen vergeten geblokkeerd hoe waarom en of
"""
_PROSE = frozenset(_PROSE_WORDS.split())


def passwords(text: str) -> Iterator[Hit]:
    """Yield passwords that follow a word for one, and those inside a URL."""
    for found in _LABELLED_PASSWORD.finditer(text):
        gap, value = (1, 2) if found[2] is not None else (3, 4)
        hit = _value(found, value)
        if hit and (_is_strong(text[slice(*hit[:2])]) if "\n" in found[gap] else True):
            yield hit
    for found in _TOLD_PASSWORD.finditer(text):
        hit = _value(found, 2)
        if hit and _is_told(text, hit, is_direct=not found[1]):
            yield hit
    for found in _ADJACENT_PASSWORD.finditer(text):
        hit = _value(found, 1)
        if hit and _mixes_digits_and_letters(text[hit.start : hit.end]):
            yield hit
    for found in _URL_PASSWORD.finditer(text):
        yield Hit(*found.span(1))


def _value(found: re.Match[str], group: int) -> Hit | None:
    """Return where the value stands without quotes and closing punctuation; None for prose."""
    written = found[group]
    if found.string[found.start() - 1 : found.start()] in ("?", "&"):
        written = re.split("[&#]", written)[0]
    if written[:1] in "\"'`" and len(written) > 1 and written.endswith(written[0]):
        kept, lead = written[1:-1], 1
    else:
        kept = written.lstrip(_EDGES)
        lead = len(written) - len(kept)
        kept = kept.rstrip(_EDGES)
    if kept.casefold() in _PROSE or _ANY_LABEL.fullmatch(kept) or not any(map(str.isalnum, kept)):
        return None
    start = found.start(group) + lead
    return Hit(start, start + len(kept))


def _is_told(text: str, hit: Hit, *, is_direct: bool) -> bool:
    value = text[hit.start : hit.end]
    if _REFERENCE.fullmatch(value) or (not is_direct and _FIGURE.fullmatch(value)):
        return False
    if _is_strong(value) or text[hit.start - 1] in "\"'`":
        return True
    is_purpose = text[max(0, hit.start - 4) : hit.start].split()[-1:] in (["to"], ["auf"])
    is_last = _CLAUSE_END.match(text, hit.end) is not None
    return is_direct and is_last and not is_purpose and not value.endswith(("ed", "ing", "ly"))


def _is_strong(value: str) -> bool:
    """Return whether a value cannot be a word of prose: a digit, a symbol or inner capitals."""
    return (
        len(value) >= _STRONG_CHARS
        and any(character.isdigit() or character in "@#$%^&*_+=~!?|\\<>" for character in value)
    ) or (value[1:] != value[1:].lower() and value != value.upper())


def _mixes_digits_and_letters(value: str) -> bool:
    return (
        len(value) > _STRONG_CHARS
        and any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and not _REFERENCE.fullmatch(value)
    )


_KEY = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"(?P<dashed>sk-[A-Za-z0-9_-]{16,}+)"  # OpenAI, Anthropic and others
    r"|(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{10,}+"  # Stripe
    r"|gh[opsur]_[A-Za-z0-9]{20,}+|github_pat_[A-Za-z0-9_]{20,}+|glpat-[A-Za-z0-9_-]{20,}+"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])"  # AWS
    r"|xox[a-z](?:\.[a-z]+)?-[A-Za-z0-9-]{10,}+|xapp-[A-Za-z0-9-]{10,}+"  # Slack
    r"|AIza[0-9A-Za-z_-]{30,}+|ya29\.[0-9A-Za-z_-]{20,}+"  # Google
    r"|hf_[A-Za-z0-9]{20,}+|npm_[A-Za-z0-9]{30,}+|pypi-[A-Za-z0-9_-]{40,}+"
    r"|SG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+|whsec_[A-Za-z0-9+/=]{16,}+"
    r"|eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]*+)?"  # JSON Web Token
    r")"
)
# Not re: until Python 3.11.4 it loses its place in a possessive group.
_PRIVATE_KEY = regex.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?:[^-]|-(?!----))*+-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"|(?:\s{1,4}(?:[A-Za-z0-9+/=]{16,}+|[A-Za-z0-9+/]{1,15}={1,2}))*+)"
)
_AUTHORIZATION = re.compile(
    r"(?<![A-Za-z0-9])(?:Bearer|Authorization:\s{0,3}(?:Basic|Token))\s{1,3}"
    r"([A-Za-z0-9._~+/=-]{16,}+)",
    re.IGNORECASE,
)
_ASSIGNED_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:api|access|secret|auth|client|private|refresh|webhook|signing)[_ -]?"
    r"(?:key|token|secret)|apikey|token|secret)[\"']?\s{0,3}(?:=>|:=|[:=])\s{0,3}[\"'`]?"
    r"([A-Za-z0-9._~+/=-]{8,}+)",
    re.IGNORECASE,
)


def api_keys(text: str) -> Iterator[Hit]:
    """Yield keys and tokens by their makers' prefixes, and values assigned to a word for one."""
    for found in _KEY.finditer(text):
        if not found["dashed"] or _has_digit(found[0]):
            yield Hit(*found.span())
    for found in _PRIVATE_KEY.finditer(text):
        yield Hit(*found.span())
    for pattern in (_AUTHORIZATION, _ASSIGNED_KEY):
        for found in pattern.finditer(text):
            if _has_digit(found[1]) and not _REFERENCE.fullmatch(found[1].rstrip(".")):
                yield Hit(*found.span(1))


def _has_digit(value: str) -> bool:
    return any(map(str.isdigit, value))
