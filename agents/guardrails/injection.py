"""Signs that a customer's text speaks to the assistant instead of to people. Pure.

The text is data to every model here (docs/security.md), so a sign changes nothing by itself; it
tells the person who reads. Patterns are after OWASP's LLM01 and the prompts collected in
"Ignore This Title and HackAPrompt" (Schulhoff et al. 2023), written anew for five languages.
"""

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from agents.guardrails.subject import Subject
from agents.guardrails.text import ends, folded, quoted

MOST_DECODED = 20
LEAST_INVISIBLE = 4

_MACHINE = r"(?:ai|assistant|chat ?bot|bot|language model|llm|gpt|ki|assistent|ia|asistente)"
_RULES = (
    r"(?:instructions?|prompts?|directives?|guidelines|programming|safety rules|anweisung(?:en)?"
    r"|vorgaben|befehle|consignes|instrucciones|indicaciones|instructies|aanwijzingen|opdrachten)"
)
_BEFORE = (
    r"(?:previous|prior|above|preceding|earlier|former|system|initial|original|hidden|vorherigen?"
    r"|bisherigen?|obigen?|vorigen?|fruheren|precedentes?|anteriores?|previas?|eerdere|vorige"
    r"|bovenstaande|de arriba|ci-dessus)"
)
_ALL = r"(?:all(?:en?|es)?|any|every|every single|samtliche|toutes|todas|alle)"
_THE = r"(?:of|the|your|deine?|ihre?|die|les|tes|vos|las|tus|sus|de|je|uw|these|diese)"

OVERRIDES = re.compile(
    r"\b(?:ignore[rz]?|disregard|forget|override|bypass|ignoriere?n?(?: sie)?|vergiss|missachte"
    r"|vergessen sie|oublie[rz]?|ignora|olvida|omite|descarta|negeer|vergeet)\s"
    rf"(?:{_ALL}(?: {_THE}){{0,2}} (?:{_BEFORE} )?{_RULES}|(?:{_THE} )?{_BEFORE} {_RULES}"
    rf"|(?:your|deine|tes|vos|tus|je|jouw) (?:own )?{_RULES}"
    rf"|(?:les|las|toutes les|todas las|die|de) {_RULES} {_BEFORE}"
    r"|(?:everything|all|alles|tout|todo)(?: that was)? (?:said |written |told )?"
    r"(?:above|before this|oben|ci-dessus|lo anterior|hierboven))"
    rf"|\b(?:ne (?:tiens|tenez) pas compte|no hagas caso|houd geen rekening)"
    rf"[^.\n]{{0,30}}{_RULES}"
)
ROLE_PLAY = re.compile(
    r"\b(?:you are (?:now|henceforth) |from now on,? you are |du bist (?:jetzt|nun|ab sofort) "
    r"|sie sind (?:jetzt|nun|ab sofort) |tu es (?:maintenant|desormais) |vous etes desormais "
    r"|(?:ahora eres|a partir de ahora eres) |(?:je bent nu|vanaf nu ben je) )"
    r"(?!the (?:first|second|third|fourth|fifth|sixth|last|only)\b)"
    rf"(?:[\w'-]{{1,20}} ){{0,4}}(?:{_MACHINE}|tool|system|model|agent|admin\w{{0,10}}|terminal"
    r"|interpreter|simulator|dan|in [a-z]{1,20} mode|werkzeug|outil|herramienta|systeem)\b"
    rf"|\b(?:act|behave|pretend) (?:as|like|to be|you are) (?:an? |the )?(?:[\w'-]{{1,20}} ){{0,2}}"
    rf"(?:{_MACHINE}|unrestricted|jailbroken|admin\w{{0,10}}|developer|root|dan)\b"
    rf"|\b(?:spiele? die rolle|verhalte dich wie|agis comme|comporte-toi comme|actua como"
    rf"|doe alsof je|gedraag je als)\b[^.\n]{{0,30}}\b(?:{_MACHINE}|admin\w{{0,10}})\b"
    r"|\byou are (?:now )?in [a-z-]{2,20} mode\b|\b(?:dan|jailbreak|god) mode\b"
    r"|\b(?:du bist|sie sind) (?:jetzt )?im [a-z-]{2,20}modus\b"
    r"|\b(?:tu es|vous etes) en mode [a-z-]{2,20}\b|\b(?:estas|esta) en modo [a-z-]{2,20}\b"
    r"|\b(?:je bent|u bent) (?:nu )?in de [a-z-]{2,20}modus\b"
)
REVEALS = re.compile(
    r"\b(?:print|reveal|show|repeat|output|display|leak|tell|zeig\w{0,3}|nenne|gib|verrate"
    r"|montre[rz]?|affiche[rz]?|revele[rz]?|muestra|revela|imprime|toon|laat|onthul)\b"
    r"[^.\n]{0,30}\b(?:system ?-?prompt|(?:initial|hidden|internal|secret) (?:instructions|prompt)"
    r"|your (?:instructions|prompt|system message)|admin(?:istrator)? password"
    r"|(?:deine|ihre) (?:internen )?(?:anweisungen|systemanweisung)|invite systeme"
    r"|(?:tes|vos) (?:instructions|consignes) (?:internes|systeme)"
    r"|tus instrucciones(?: internas)?|(?:je|jouw) (?:interne )?instructies)\b"
)
TO_MACHINE = re.compile(
    rf"\b(?:note|message|instruction|update|hinweis|anweisung|nachricht|note|instruction|nota"
    rf"|instruccion|mensaje|bericht|opmerking)s? (?:to|for|an|fur|pour|para|a|aan|voor)"
    rf"(?: (?:the|any|all|den|die|l'|la|le|el|de|every))?[ ']?{_MACHINE}\b"
    rf"|\b(?:dear|attention|liebe[rs]?|cher|querido|beste) {_MACHINE}\b[,:]"
    rf"|\b(?:the|das|der|l'|el|de) ?{_MACHINE} (?:must|should|shall|will|has to|approves|is to|is"
    r" allowed to|muss|soll|genehmigt|doit|debe|aprueba|moet)\b"
    rf"|\[ ?(?:{_MACHINE}|system|internal|admin) (?:note|message|instruction|override)\b"
    r"|\b(?:humans?|staff|people|menschen|mitarbeiter) (?:do|does|must|need|should|mussen|sollen)"
    r"(?: not|n't)? (?:not |need to |nicht )?(?:read|see|know|lesen|sehen)\b"
    r"|\b(?:do not|don't|never) (?:show|forward|mention|tell)\b[^.\n]{0,30}"
    r"\b(?:a human|humans|your operators?|your staff|the operators?)\b"
    r"|\b(?:answer|reply|respond|antworte|repond[sz]?|responde|antwoord) (?:only |nur |uniquement "
    r"|solo |alleen )?(?:in|with|mit|en|met) json\b"
    r"|\b(?:answer|reply|respond) only with \"[^\"\n]{3,60}\""
)
PRETEXT = re.compile(
    r"\b(?:this is|here is|i am|hier ist|ici|aqui|hier is) (?:from )?(?:your |the |die |le |de )?"
    r"(?:it(?= ?[.,:;!(-])|it department|it-abteilung|service informatique|head office"
    r"|security team|management|geschaftsleitung|la direction)\b[^\n]{0,250}"
    r"\b(?:approved|authori[sz]ed|cleared|genehmigt|freigegeben|approuve|autorise|aprobado|autorizado|goedgekeurd)\b"
)
TURNS = re.compile(
    r"<\|?/?(?:im_start|im_end|system|assistant|endoftext|eot_id|start_header_id)\b\|?>"
    r"|\[/?inst\]|<</?sys>>|</?(?:ticket|conversation|document|customer_message|user_message)>"
    r"|(?:^|\n)\s{0,8}#{2,8}\s{0,3}(?:system|assistant|instructions?|new instructions)\b"
    r"|(?:^|\n)\s{0,8}(?:assistant|assistent|asistente)\s?:\s"
    r"|(?:^|\n)\s{0,8}\W{0,3}(?:system|systeme|sistema|systeem)(?: message| prompt)?\W{0,3}:\s{0,3}"
    r"(?:\n|you\b|your\b|the assistant|ignore|override|new |du |tu |vous |eres |je |never|always)"
    r"|\b(?:begin|end) (?:of )?(?:system|hidden) (?:prompt|message|instructions)\b"
)
CALLS = re.compile(
    r"\"(?:tool|function|name|action|tool_name)\"\s{0,4}:\s{0,4}\"[a-z_.-]{2,40}\"\s{0,4},\s{0,4}"
    r"\"(?:arguments|parameters|args|input|action_input)\"\s{0,4}:"
    r"|</?(?:tool_calls?|function_calls?|invoke|tool_use)\b"
    r"|\b[a-z]{2,20}(?:_[a-z]{2,20}){1,3}\(\s{0,3}(?:[a-z_]{2,20}\s?[=:]|[\"'{\d])"
)
_SIGNS = (
    (OVERRIDES, "tells the assistant to forget its instructions"),
    (ROLE_PLAY, "gives the assistant another role"),
    (REVEALS, "asks for the assistant's instructions or secrets"),
    (TURNS, "contains a turn that imitates the system or the assistant"),
    (TO_MACHINE, "speaks to the assistant, not to people"),
    (CALLS, "contains what looks like a call of a tool"),
    (PRETEXT, "claims an approval in the name of a colleague"),
)


def injection(subject: Subject) -> str:
    """Say how the customer's text tries to steer the assistant; "" where it does not.

    Catches orders to forget instructions, other roles, requests for the prompt, imitated turns,
    notes to an AI, calls of tools and approvals claimed by a "colleague", in English, German,
    French, Spanish and Dutch, also with letters of other scripts, spaced out, or in base64, hex,
    percent or ROT13. Lets through what is said in other words or languages, and pictures.
    """
    found = sign_in(subject.read)
    if found:
        return found
    for decoded in _decoded(ends(subject.written)):
        found = sign_in(folded(decoded))
        if found:
            return f"Hidden by an encoding: {found[0].lower()}{found[1:]}"
    return ""


def sign_in(text: str) -> str:
    """Return the sentence on the first sign in folded text, or ""."""
    for pattern, what in _SIGNS:
        found = pattern.search(text)
        if found:
            return f"The customer's text {what}: {quoted(found[0])}."
    return ""


_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{24,4000}={0,2}(?![A-Za-z0-9+/=])")
_HEX = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[ :]?){20,2000}(?![0-9A-Fa-f])")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2}[\w.~-]{0,20}){8,500}")
_SPACED = re.compile(r"(?<!\w)(?:\w[ .*_-]{1,3}){10,200}\w(?!\w)")
_ROT13 = re.compile(r"\b(?:vtaber|qvfertneq|sbetrg|bireevqr)\b[^.\n]{0,60}", re.IGNORECASE)


def _decoded(text: str) -> Iterator[str]:
    """Yield what is written in another way in the text."""
    for number, found in enumerate(_BASE64.finditer(text)):
        if number >= MOST_DECODED:
            break
        yield _readable(_from_base64(found[0]))
    for number, found in enumerate(_HEX.finditer(text)):
        if number >= MOST_DECODED:
            break
        yield _readable(_from_hex(found[0]))
    for pattern, read in (
        (_PERCENT, unquote),
        (_SPACED, _closed_up),
        (_ROT13, lambda coded: codecs.decode(coded, "rot13")),
    ):
        for number, found in enumerate(pattern.finditer(text)):
            if number >= MOST_DECODED:
                break
            yield read(found[0])


def _from_base64(coded: str) -> bytes:
    try:
        return base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _from_hex(coded: str) -> bytes:
    plain = coded.replace(" ", "").replace(":", "")
    return bytes.fromhex(plain[: len(plain) // 2 * 2])


def _readable(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return ""


def _closed_up(spaced: str) -> str:
    """Return spaced-out letters as words, where wider gaps part words, else all in one."""
    gaps = re.split(r"[ .*_-]{2,3}", spaced)
    return " ".join(re.sub(r"[ .*_-]", "", word) for word in gaps)


_COMMENT = re.compile(r"<!--(?!\s{0,3}\[(?:if|endif)|\s{0,3}/\*)([^<>]{3,2000})-->")
_UNSEEN = re.compile(
    r"<[a-z]{1,10}\b[^<>]{0,200}(?:display\s?:\s?none|font-size\s?:\s?0|visibility\s?:\s?hidden"
    r"|color\s?:\s?(?:#fff(?:fff)?|white|transparent))[^<>]{0,200}>",
    re.IGNORECASE,
)
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
_TAG_CHARACTERS = re.compile("[\U000e0020-\U000e007e]+")
_ZERO_WIDTH = re.compile("[\u200b\u2060-\u2064\u206a-\u206f\u180e]")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,}")
_TURNED = re.compile("[\u202d\u202e]")


def hidden_text(subject: Subject) -> str:
    """Say what a model would read in the customer's text and a person would not see.

    Catches tag characters, runs of zero-width characters and variation selectors, overrides of
    the reading direction, HTML comments and HTML that is styled away. Lets through a few stray
    zero-width characters, emoji, and the conditional comments of mail programs. Source: Unicode
    TR36 and TR39.
    """
    text = ends(subject.written)
    if not text.isascii():
        tags = _TAG_CHARACTERS.findall(_FLAG.sub("", text))
        if tags:
            said = "".join(chr(ord(mark) - 0xE0000) for mark in "".join(tags))
            return f"The customer's text has words in invisible characters: {quoted(said)}."
        unseen = len(_ZERO_WIDTH.findall(text)) + len(_TURNED.findall(text)) * LEAST_INVISIBLE
        if unseen >= LEAST_INVISIBLE or _SELECTORS.search(text):
            return "The customer's text has invisible characters that a model reads."
    comment = _COMMENT.search(text)
    if comment and any(unicodedata.category(mark)[0] == "L" for mark in comment[1]):
        return f"The customer's text has a comment that no page shows: {quoted(comment[1])}."
    if _UNSEEN.search(text):
        return "The customer's text has HTML that is styled so that nobody sees it."
    return ""
