"""A comparison as tests of it start it, and what its candidate answers."""

from decimal import Decimal

from django.contrib.auth.models import User

from agents.models import Agent, Comparison
from review.models import ComparedPair
from review.staging.starting import Asked, start_comparison
from tests.peers import Received, Reply
from tests.provider import ANSWERS, Provider, completion

BETTER = "Hello Ada,\n\nYour parcel arrives on Monday.\n\nKind regards,\nSupport"


def asking(number: int = 10) -> Asked:
    return Asked(reviewed_items=number)


def started(agent: Agent, by: User, asked: Asked) -> Comparison:
    return start_comparison(agent, asked, by, agreed=True, agreed_usd=Decimal(100))


def answering(provider: Provider, draft: str, *, model: str = "candidate") -> None:
    """Let the candidate's model draft this, and live's as ever."""
    drafted = {**ANSWERS["Drafted"], "reply": draft}

    def before(form: str) -> Reply | None:
        asked: Received = provider.peer.requests[-1]
        if form == "Drafted" and asked.json["model"] == model:
            return completion(drafted)
        return None

    provider.before = before


def pairs_of(comparison: Comparison) -> list[ComparedPair]:
    return list(comparison.pairs.order_by("pk"))
