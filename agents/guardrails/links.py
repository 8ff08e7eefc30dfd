"""Links in a draft that lead somewhere else than the company and its articles. Pure."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from agents.guardrails.subject import Subject, texts
from agents.guardrails.text import ends

MOST_NAMED = 3
# What people write with a scheme or `www`, and bare hosts with a path or a usual ending.
LINK = re.compile(
    r"(?i)\b(?:https?|ftp)\s?:\s?//[^\s<>\"')\]]{1,2000}|\bwww\.[^\s<>\"')\]]{1,500}"
    r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|io|co|info|biz|shop|store|online|site"
    r"|xyz|top|app|dev|ly|me|ru|cn|eu|de|fr|es|nl|uk|at|ch|example)(?:/[^\s<>\"')\]]{0,500})?(?![\w@-])"
)
OTHER_SCHEME = re.compile(r"(?i)\b(?:javascript|data|vbscript|file)\s?:\s?[/\w]")


def links(subject: Subject) -> str:
    """Say which links of the draft lead to a host that is not allowed.

    Catches web addresses with and without a scheme, and schemes that run code. Allowed are the
    hosts in the company's facts (`website`, `allowed_links`), with all below them, and those in
    cited articles. Lets through mail addresses, which are another guardrail's.
    """
    draft = ends(subject.draft)
    if OTHER_SCHEME.search(draft):
        return "The draft has a link that would run code."
    allowed = set(_hosts(subject.company_facts))
    for one in subject.company.get("allowed_links", ()):
        allowed |= {host for text in texts(one) for host in [_host(text)] if host}
    for article in subject.cited_articles:
        allowed |= set(_hosts(article.text))
    strange = dict.fromkeys(host for host in _hosts(draft) if not _is_under(host, allowed))
    if not strange:
        return ""
    named = ", ".join(list(strange)[:MOST_NAMED])
    return f"The draft links to {named}, which is not among the allowed hosts."


def _hosts(text: str) -> Iterator[str]:
    for found in LINK.finditer(text):
        host = _host(found[0])
        if host:
            yield host


def _host(link: str) -> str:
    """Return the link's host in small letters; of what cannot be read, a word that none is."""
    link = re.sub(r"\s?:\s?//", "://", link.strip().lower())
    try:
        host = urlsplit(link if "://" in link else f"//{link}").hostname or ""
    except ValueError:
        return "an unreadable address"
    return host.removeprefix("www.").rstrip(".")[:100]


def _is_under(host: str, allowed: set[str]) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in allowed)
