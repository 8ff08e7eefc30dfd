"""How urgent a conversation is, by the customer's own words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["low", "normal", "high"]

_MOST_SIGNS = 5

# One entry a kind of sign, in the languages that customers of a European company write.
_CALM = (
    r"not? (?:at all |very |that |particularly |super )?urgent|n[o']t (?:an )?emergency",
    r"no (?:rush|hurry)|not in a (?:rush|hurry)|there(?:'s| is) no (?:rush|hurry)",
    r"when(?:ever)? (?:you (?:have|get|find) (?:a |some )?(?:time|moment|minute|chance))",
    r"just (?:curious|wondering|out of curiosity)|take your time",
    r"nicht (?:so )?(?:dringend|eilig)|keine eile|eilt nicht|hat zeit",
    r"pas (?:du tout )?urgent|rien d'urgent|quand vous aurez le temps",
    r"no (?:es|hay|corre) (?:urgente|prisa)|sin prisa",
    r"niet dringend|geen haast",
)
_DANGER = (
    r"smok(?:e|es|ing)|(?:caught|on|catch(?:es|ing)?) fire|flames?",
    r"burn(?:t|ed|ing) (?:smell|plastic)",
    r"smell(?:s|ed|ing)?(?: \w+){0,3} burn(?:t|ing|ed)|sparks?|sparking|melt(?:s|ed|ing)",
    r"electric(?:al)? shocks?|electrocuted|short[- ]circuit(?:s|ed)?",
    r"trip(?:s|ped)? the (?:fuse|breaker)",
    r"(?:scald|burn)(?:ed|t) (?:my|her|his|me|our)|injur(?:y|ed)|unsafe|dangerous|hazard",
    r"is it safe|gas leak|flood(?:ed|ing)",
    r"raucht|qualm|brennt|stromschlag|gefährlich|funken",
    r"fumée|brûlé|étincelles?|dangereu(?:x|se)|choc électrique",
    r"humo|chispas|peligros[oa]|quemado|rook|vonken|gevaarlijk",
)
_FRAUD = (
    r"fraud(?:ulent)?|stolen|hacked|unauthori[sz]ed|identity theft|scam(?:med)?",
    r"(?:someone|somebody) (?:else )?(?:used|accessed|ordered|logged)",
    r"gestohlen|gehackt|betrug|volé|piraté|robad[oa]|gestolen|gehackt",
)
_LEGAL = (
    r"lawyers?|attorney|solicitor|legal action|sue you|take you to court|small claims|chargeback",
    r"consumer (?:protection|association|advice)|ombudsman|trading standards",
    r"anwalt|rechtsanwältin|verbraucherzentrale|avocat|abogado|advocaat",
)
_HASTE = (
    r"urgent(?:ly)?|emergency|asap|a\.s\.a\.p\.?|as soon as possible|right away",
    r"immediately|time[- ]critical|last chance",
    r"dringend|sofort|so schnell wie möglich|umgehend|eilig",
    r"urgente?|au plus vite|immédiatement|dès que possible|cuanto antes|inmediatamente",
    r"spoed|zo snel mogelijk|onmiddellijk",
)
_DAY = r"(?:today|tonight|tomorrow|this (?:morning|afternoon|evening))"
_DEADLINE = (
    rf"(?:needs?|needed|want|must|ha(?:ve|s) to)(?: \w+){{0,6}} (?:by |before |for )?{_DAY}",
    rf"(?:by|before|until) {_DAY}|{_DAY} at the latest|deadline|due {_DAY}",
    r"bis (?:heute|morgen)|avant (?:ce soir|demain)|d'ici demain|antes de mañana|vóór morgen",
)


@dataclass(frozen=True, kw_only=True)
class Urgency:
    """How soon somebody should look. signs: the words that say so, at most five, in order."""

    level: Level
    signs: tuple[str, ...]


def _pattern(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)


_LOW = _pattern(_CALM)
_HIGH = _pattern([*_DANGER, *_FRAUD, *_LEGAL, *_DEADLINE, *_HASTE])


def judge_urgency(messages: Sequence[str]) -> Urgency:
    """Return the urgency of the customer's messages.

    Danger, fraud, legal steps, a deadline within a day or plain haste make it high. Words of calm
    ("no rush") make it low, and take back the haste they contain, but never any other sign.
    """
    high, low = [], []
    for message in messages:
        text = " ".join(message.replace("’", "'").split())
        low += [match.group() for match in _LOW.finditer(text)]
        high += [match.group() for match in _HIGH.finditer(_LOW.sub(" – ", text))]
    if high:
        return Urgency(level="high", signs=_distinct(high))
    return Urgency(level="low" if low else "normal", signs=_distinct(low))


def _distinct(signs: Sequence[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for sign in signs:
        first.setdefault(sign.casefold(), sign)
    return tuple(first.values())[:_MOST_SIGNS]
