"""Subjects of guardrails, from as little as a test has to say."""

from types import SimpleNamespace
from typing import Any

from agents.guardrails.registry import NAMED
from agents.guardrails.subject import Source, Subject

COMPANY = {
    "name": "Halden Coffee Works",
    "support_name": "Halden support",
    "support_email": "support@haldencoffee.example",
    "support_phone": "+49 40 66969 120",
    "website": "https://haldencoffee.example",
    "allowed_links": ["track.nordline.example"],
    "order_number_patterns": [r"HCW[- ]?\d{6}"],
    "reference_patterns": {"return": [r"RMA-\d{5}"]},
    "products": [{"name": "Halden Fjord", "aliases": ["Fjord"]}],
}
ARTICLE = Source(
    slug="refunds",
    title="Refunds",
    text="A damaged machine is exchanged or refunded. We release the refund within 3 working days."
    " Return shipping costs 9 EUR. Parcels sent on Wednesday arrive on Friday."
    " See https://help.carrier.example/claims.",
)
NOTHING_WAIVED = SimpleNamespace(waived={})


def subject(draft: str = "", message: str = "My machine arrived broken.", **more: Any) -> Subject:
    conversation = {
        "subject": more.pop("title", "Question"),
        "customer": {"name": "Ada Lovelace"},
        "messages": [{"from": "customer", "body": message}],
    }
    given = {"articles": [ARTICLE], "cited": ["refunds"], "company": COMPANY, "language": "en"}
    return Subject(conversation=conversation, draft=draft, **{**given, **more})


def finds(name: str, found_in: Subject) -> str:
    """What the guardrail says; "" for nothing."""
    return NAMED[name].find(found_in)
