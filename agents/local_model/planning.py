"""The embedded model's next step on an order: only what the message plainly asks. Pure.

It reads requests by their words, in the languages of the demo's tickets. It guesses no argument: an
order number comes from the message, an amount from the order's own lines, an address from where the
message states one. Where any of it is unclear, it does nothing and hands on the triage draft.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.local_model.acted_replies import reply_after

LOOK_UP, CANCEL, REFUND, ADDRESS = (
    "look_up_order",
    "cancel_order",
    "refund_order",
    "change_address",
)
# Kinds of request in which an order may be acted on.
CHANGES = frozenset({"order-change"})
MISHAPS = frozenset({"delivery-problem"})
LONGEST_ADDRESS = 200


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


# A request, not a report: "cancel", and not "cancelled".
ASKS_TO_CANCEL = _words(
    r"cancell?", "stornier(?:en|e|t ihr|en sie)?", "storno", "abbestellen", "annuler", "annulez",
    "cancelar", "cancelen", "anular", "annuleren", "annuleer",
)  # fmt: skip
ASKS_FOR_MONEY = _words(
    "refund", "reimburse", "money back", "erstatten", "erstattung", "geld zurück", "rembourser",
    "remboursez", "remboursement", "reembolso", "reembolsar", "terugbetalen", "terugbetaling",
    "geld terug",
)  # fmt: skip
TELLS_OF_HARM = _words(
    "broken?", "damaged?", "cracked", "in pieces", "smashed", "dented", "missing",
    "beschädigt", "kaputt", "defekt", "zerbrochen", "fehlt", "cassée?", "abîmée?", "manque",
    "rot[oa]", "dañad[oa]", "falta", "kapot", "beschadigd", "gebroken", "ontbreekt",
)  # fmt: skip
SPEAKS_OF_AN_ADDRESS = _words(
    r"(?:delivery |shipping )?address(?:es)?", "(?:liefer)?adresse", "anschrift", "dirección",
    "(?:aflever)?adres",
)  # fmt: skip
# What turns a request into its opposite, or into a question about another thing.
TURNS_IT = _words(
    r"not", r"\w+n't", "never", "no", "without", "instead of", "unless", "nicht", "keine?", "ohne",
    "statt", "ne", "pas", "sans", "sin", "niet", "geen", "zonder", "subscription", "abo",
    "abonnement", "suscripción", "if", "when", "whether", "or", "wenn", "falls", "ob", "oder", "si",
    "ou", "als", "wanneer",
)  # fmt: skip
THREATENS = _words(
    "lawyer", "solicitor", "attorney", "court", "legal(?:ly)?", "consumer association",
    "anwalt", "rechtsanwalt", "klage", "gericht", "verbraucherzentrale", "avocat", "tribunal",
    "abogad[oa]", "advocaat", "rechter",
)  # fmt: skip
# A clause that begins with "please" stands for itself.
_SENTENCE_END = re.compile(
    r"(?<=\w{3})[.!?;]\s+(?=\S)|[\n]+|[!?;]"
    r"|,\s+(?=(?:so |and |also |und |et |y |en )?(?:please|pls|bitte|s'il|por favor|graag)\b)",
    re.IGNORECASE,
)
_MONEY = re.compile(r"(?:€|\beur(?:os?)?\b)\s*\d|\d\s*(?:€|\beur(?:os?)?\b)", re.IGNORECASE)
# An address stands behind a colon: "to the new address: 7 Mill Lane, Ely".
_STATED = re.compile(
    r"(?:address|adresse|anschrift|dirección|adres)\b[^\n:]{0,40}:\s*(?P<address>[^\n]+)",
    re.IGNORECASE,
)
_ADDRESS_END = re.compile(r"(?<=\w{3})[.!?](?:\s|$)")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a message asks for. address: the one it states, "" where none or several."""

    cancel: bool
    money: bool
    address: str
    speaks_of_an_address: bool
    harm: bool


def next_move(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer in the form Move: a call, or the reply with which the run ends.

    document: as `agents.resolution.agent` makes it.
    """
    made: Sequence[Mapping[str, Any]] = document["done"]
    acted = [call for call in made if call["tool"] in {CANCEL, REFUND, ADDRESS}]
    if acted:
        return _end(document, acted)
    number = _number(document["fields"])
    names = {tool["name"] for tool in document["tools"]}
    if not number or LOOK_UP not in names:
        return _end(document, ())
    looked_up = [call for call in made if call["tool"] == LOOK_UP]
    if not looked_up:
        why = "The message names this order."
        return _call(LOOK_UP, why, order_number=number)
    order = looked_up[-1]["result"]
    if looked_up[-1]["status"] != "done" or not isinstance(order, Mapping):
        return _end(document, ())
    move = _action(document, order)
    return move if move and move["move"]["tool"] in names else _end(document, ())


def asked_for(question: str) -> Asked:
    """Return what the customer plainly asks for; what a sentence turns round is not asked for."""
    text = question.replace("’", "'")
    plain = [part for part in _SENTENCE_END.split(text) if part]
    return Asked(
        cancel=_is_asked(ASKS_TO_CANCEL, plain),
        money=_is_asked(ASKS_FOR_MONEY, plain),
        address=stated_address(text),
        speaks_of_an_address=bool(SPEAKS_OF_AN_ADDRESS.search(text)),
        harm=bool(TELLS_OF_HARM.search(text)),
    )


def stated_address(text: str) -> str:
    """Return the one address that the text states, "" where there is none or more than one."""
    found = []
    for match in _STATED.finditer(text):
        address = _ADDRESS_END.split(match["address"], maxsplit=1)[0].strip(" .,")
        is_one = re.search(r"\d", address) and re.search(r"[^\W\d]{3}", address) and "," in address
        if is_one and 8 <= len(address) <= LONGEST_ADDRESS:
            found.append(address)
    return found[0] if len(set(found)) == 1 else ""


def named_line(order: Mapping[str, Any], products: Sequence[str]) -> Mapping[str, Any] | None:
    """Return the line of the order that the message is about: of one product, one piece."""
    if len(products) != 1:
        return None
    lines = [line for line in order["lines"] if _same(line["name"], products[0])]
    return lines[0] if len(lines) == 1 and lines[0]["quantity"] == 1 else None


def _same(line: str, product: str) -> bool:
    line, product = line.casefold(), product.casefold()
    return line == product or line.startswith(f"{product},")


def _is_asked(pattern: re.Pattern[str], sentences: Sequence[str]) -> bool:
    """Return whether the words are there, and no sentence turns them round before them."""
    found = [(one, match) for one in sentences if (match := pattern.search(one))]
    return bool(found) and not any(TURNS_IT.search(one[: match.start()]) for one, match in found)


def _number(fields: Mapping[str, Any]) -> str:
    """Return the one order that the message names, as the shop writes it."""
    written = {re.sub(r"[\s-]", "", one).upper() for one in fields.get("order_numbers", ())}
    if len(written) != 1:
        return ""
    letters, digits = re.fullmatch(r"(\D*)(\d*)", written.pop()).groups()  # type: ignore[union-attr]
    return f"{letters}-{digits}" if letters else digits


def _action(document: Mapping[str, Any], order: Mapping[str, Any]) -> dict[str, Any] | None:
    question, category = document["question"], document["category"]
    if THREATENS.search(question):
        return None
    asked = asked_for(question)
    number = order["order_number"]
    if category in CHANGES and order.get("can_be_changed"):
        return _change(asked, number)
    if category in MISHAPS and order.get("status") == "delivered":
        return _refund(asked, document, order)
    return None


def _change(asked: Asked, number: str) -> dict[str, Any] | None:
    if asked.cancel and not asked.speaks_of_an_address:
        why = "The customer asks to cancel it, and it is not packed yet."
        return _call(CANCEL, why, order_number=number, reason="The customer asked for it.")
    if asked.address and not asked.cancel:
        why = "The customer states a new address, and it is not packed yet."
        return _call(ADDRESS, why, order_number=number, address=asked.address)
    return None


def _refund(
    asked: Asked, document: Mapping[str, Any], order: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the refund of the one thing that came to harm, at the price it was paid for."""
    if not (asked.money and asked.harm) or asked.cancel or _MONEY.search(document["question"]):
        return None
    line = named_line(order, document["fields"].get("products", ()))
    # A discount is spread over all lines: what one of them cost cannot be read off.
    if line is None or float(order.get("discount", 0)) or float(order.get("refunded", 0)):
        return None
    return _call(
        REFUND,
        f"The customer asks for the money of one thing that came to harm: {line['name']}.",
        order_number=order["order_number"],
        amount=_plain_number(line["unit_price"]),
        reason=f"{line['name']} came to harm.",
    )


def _plain_number(price: str) -> float | int:
    amount = float(price)
    return int(amount) if amount.is_integer() else amount


def _call(tool: str, why: str, **arguments: Any) -> dict[str, Any]:
    return {"move": {"tool": tool, "why": why, "arguments": arguments}}


def _end(document: Mapping[str, Any], acted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the reply: what was done where it was, else the draft that was there before."""
    done = [call for call in acted if call["status"] == "done"]
    if done:
        reply = reply_after(done[-1], document)
        reason = "" if reply else "The embedded model has no words for what was done."
        return {"move": {"reply": reply, "articles": [], "no_draft_reason": reason}}
    draft = document.get("draft", "")
    cited = [one for one in document.get("cited", ()) if draft]
    reason = "" if draft else document.get("no_draft_reason") or "There was no draft to go by."
    return {"move": {"reply": draft, "articles": cited, "no_draft_reason": reason}}
