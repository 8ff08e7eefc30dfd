"""What tests of model calls start from."""

from collections.abc import Iterator

import pytest

from agents import llm
from agents.models import Agent
from memory.knowledge import NewArticle, store_article
from tests.provider import Provider, model_provider, put_on_tiers


@pytest.fixture
def provider(installed: Agent, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider on all tiers, and one article to draft from."""
    store_article(
        NewArticle(
            slug="delivery-times",
            title="Delivery times",
            body="A parcel takes two days: what leaves on Wednesday arrives on Friday.",
            categories=["delivery"],
        )
    )
    llm._litellm()  # a process's first call loads it, which is no part of what a test may take
    with model_provider() as provider:
        monkeypatch.setenv("OPENAI_API_BASE", f"{provider.peer.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "test-key")
        put_on_tiers()
        yield provider
