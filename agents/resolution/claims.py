"""Whether a reply says that something was done which was not. Pure.

Words of an act that is over ("we have cancelled", "wurde erstattet"), in the languages the demo's
customers write. It finds plain claims, not every way to make one; a person reads each reply.
"""

import re
from collections.abc import Collection, Sequence

from agents.results import Check

NAME = "undone"

# Of each kind of act: what the names of tools that do it hold, and how a reply says it is done.
_ACTS: dict[str, tuple[str, Sequence[str]]] = {
    "a cancellation": (
        "cancel",
        (
            r"(?:have|has|'ve|is|was|been)\s+(?:now\s+|already\s+)?cancell?ed",
            r"(?:haben|habe|ist|wurde)\b[^.!?\n]{0,80}\bstorniert",
            r"(?:avons|ai|est|été)\s+annulée?",
            r"(?:hemos|he|está|ha sido)\s+cancelad[oa]",
            r"(?:hebben|heb|is)\b[^.!?\n]{0,80}\bgeannuleerd",
        ),
    ),
    "a refund": (
        "refund",
        (
            r"(?:have|has|'ve|was|been)\s+(?:now\s+|already\s+)?refunded",
            r"(?:haben|habe|wurde)\b[^.!?\n]{0,80}\b(?:erstattet|zurückgezahlt)",
            r"(?:avons|ai|été)\s+remboursée?",
            r"(?:hemos|he|ha sido)\s+reembolsad[oa]",
            r"(?:hebben|heb|is)\b[^.!?\n]{0,80}\bterugbetaald",
        ),
    ),
    "a new address": (
        "address",
        (
            r"(?:have|'ve)\s+(?:now\s+|already\s+)?(?:changed|updated)\b[^.!?\n]{0,40}\baddress",
            r"address\b[^.!?\n]{0,40}\b(?:has been|was)\s+(?:changed|corrected|updated)",
            r"(?:haben|habe|wurde)\b[^.!?\n]{0,80}\b[Aa]dresse\b[^.!?\n]{0,40}\bgeändert",
        ),
    ),
}
# What is said to follow from something, or asked, is no claim.
_OPEN = re.compile(
    r"\b(?:if|when|once|as soon as|whether|wenn|falls|sobald|si|cuando|als|zodra)\b", re.IGNORECASE
)
_SENTENCE = re.compile(r"[^.!?\n]+")


def claims_check(reply: str, done: Collection[str]) -> Check:
    """Return the finding on the reply. done: the names of the tools whose calls were done."""
    false = [
        what
        for what, (part, patterns) in _ACTS.items()
        if not any(part in name for name in done) and _says(reply, patterns)
    ]
    return Check(
        name=NAME,
        passed=not false,
        effect="block",
        detail=f"The reply speaks of {' and '.join(false)} that was not done." if false else "",
    )


def _says(reply: str, patterns: Sequence[str]) -> bool:
    pattern = re.compile("|".join(rf"\b(?:{one})\b" for one in patterns), re.IGNORECASE)
    sentences = (match.group() for match in _SENTENCE.finditer(reply.replace("’", "'")))
    return any(pattern.search(one) and not _OPEN.search(one) for one in sentences)
