"""Slots in reply templates: `{slot|fallback}`, filled with a ticket's own fields as plain text."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from agents.local_model.errors import MalformedTemplate

CUSTOMER_NAME = "customer_name"
ORDER_NUMBER = "order_number"
PRODUCT = "product"
KNOWN_SLOTS = (CUSTOMER_NAME, ORDER_NUMBER, PRODUCT)

# A longer value is no name or number, whatever field it came in.
_MOST_CHARACTERS = 80

_SLOT = re.compile(r"\{(?P<name>[a-z][a-z0-9_]*)\|(?P<fallback>[^{}|]*)\}")
_SHOWN_CHARACTERS = 30

# What names a firm, a place or a title rather than somebody to greet.
_NO_PERSON = re.compile(
    r"ag|bv|b\.v|co|company|corp|e\.v|ev|firma|gbr|gmbh|inc|kg|llc|ltd|limited|nv|oy|plc|sa|sarl|sl"
    r"|srl|ab|hotel|café|cafe|restaurant|bar|shop|store|team|office|dept|department|accounts"
    r"|purchasing|billing|support|info|admin|services?|family|the|mr|mrs|ms|dr|herr|frau|mme"
    r"|monsieur|madame|prof|agency|agentur|architects|architekten|bakery|clinic|club|group|gym"
    r"|holding|it|kanzlei|partners|praxis|school|studio|studios|verein|works|yoga",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place in a template. fallback: what stands there when the ticket says nothing."""

    name: str
    fallback: str


def slots(template: str) -> tuple[Slot, ...]:
    """Return the template's slots in order. Raises MalformedTemplate."""
    stray = re.search(r"[{}]", _SLOT.sub(lambda match: " " * len(match.group()), template))
    if stray:
        shown = template[stray.start() : stray.start() + _SHOWN_CHARACTERS]
        raise MalformedTemplate(f"No slot begins or ends here: “{shown}”. Write {{slot|fallback}}.")
    return tuple(
        Slot(name=match["name"], fallback=match["fallback"]) for match in _SLOT.finditer(template)
    )


def validate_template(template: str, *, known: Collection[str] = KNOWN_SLOTS) -> None:
    """Raise MalformedTemplate unless every slot is known, has a fallback, and no brace is left."""
    for slot in slots(template):
        if slot.name not in known:
            raise MalformedTemplate(
                f"There is no slot {slot.name}. Use one of: {', '.join(sorted(known))}."
            )
        if not slot.fallback.strip():
            raise MalformedTemplate(f"The slot {slot.name} has no fallback.")


def fill(template: str, fields: Mapping[str, str]) -> str:
    """Return the template with each slot replaced by its field, or by its fallback.

    A value goes in as it is: braces in it are text. Raises MalformedTemplate.
    """
    slots(template)
    return _SLOT.sub(
        lambda match: _plain(fields.get(match["name"], "")) or match["fallback"], template
    )


def slot_fields(
    *, customer_name: str, order_numbers: Sequence[str], products: Sequence[str]
) -> dict[str, str]:
    """Return what a ticket's slots hold.

    Several order numbers or products leave the slot to its fallback: the reply would have to
    guess which is meant. Of the customer's name only a given name fit for a greeting is used.
    """
    fields = {CUSTOMER_NAME: given_name(customer_name)}
    if len(order_numbers) == 1:
        fields[ORDER_NUMBER] = order_numbers[0]
    if len(products) == 1:
        fields[PRODUCT] = products[0]
    return {name: value for name, value in fields.items() if value}


def given_name(name: str) -> str:
    """Return the first word of a person's name, or "" for initials, firms and single letters."""
    words = name.split()
    if not words or not all(_is_name_word(word) for word in words):
        return ""
    if any(_NO_PERSON.fullmatch(word.strip(".,")) for word in words):
        return ""
    first = words[0]
    if len(first) < 2 or "." in first:
        return ""
    return first.capitalize() if first.isupper() or first.islower() else first


def _is_name_word(word: str) -> bool:
    return all(character.isalpha() or character in "-'’.," for character in word)


def _plain(value: str) -> str:
    """Return the value on one line, or "" when it is too long to be what it should be."""
    line = " ".join(value.split())
    return line if len(line) <= _MOST_CHARACTERS else ""
