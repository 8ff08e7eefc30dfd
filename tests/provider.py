"""A model provider on loopback: OpenAI's chat completions over real HTTP, answers as told."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from agents import llm
from agents.models import TierVersion
from tests.peers import HttpPeer, Received, Reply, http_server

KEY = "sk-test-3f9a71c2d05b4e86"
ANSWERS: dict[str, dict[str, Any]] = {
    "Extracted": {
        "language": "en",
        "order_numbers": [],
        "products": [],
        "urgency": "normal",
        "urgency_signs": [],
    },
    "Classified": {
        "category": "delivery",
        "confidence": 0.9,
        "alternatives": [{"category": "invoice", "confidence": 0.05}],
    },
    "Drafted": {
        "reply": "Hello Ada,\n\nYour parcel arrives on Friday.\n\nKind regards,\nSupport",
        "articles": ["delivery-times"],
        "no_draft_reason": "",
    },
    "Redrafted": {
        "reply": "Hello Ada, it arrives on Friday.",
        "articles": ["delivery-times"],
        "no_draft_reason": "",
    },
    "Ready": {"ready": True},
    "Planned": {
        "summary": "Ada wants her money back and names a lawyer.",
        "options": [
            {
                "title": "Refund in full",
                "steps": ["Check the order.", "Refund it."],
                "risks": ["It is over the limit."],
            },
            {
                "title": "Offer a repair",
                "steps": ["Send a label."],
                "risks": ["She may go to court."],
            },
        ],
        "recommended": 2,
        "why": "The repair is owed first.",
        "must_not_say": ["That the machine was faulty."],
    },
}


def form_of(request: Received) -> str:
    """Return the name of the form a request asks for, by schema or in words."""
    asked = request.json["response_format"]
    if asked["type"] == "json_schema":
        return str(asked["json_schema"]["name"])
    return str(json.loads(request.json["messages"][0]["content"].splitlines()[-1])["title"])


def document_of(request: Received) -> dict[str, Any]:
    """Return the JSON document of the request's user message."""
    document: dict[str, Any] = json.loads(request.json["messages"][-1]["content"])
    return document


def completion(answer: Any, **changes: Any) -> Reply:
    """A chat completion that says `answer`."""
    content = answer if isinstance(answer, str) else json.dumps(answer)
    message = {"role": "assistant", "content": content}
    return Reply(
        body={
            "id": "c-1",
            "object": "chat.completion",
            "created": 1,
            "model": "test-model",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150},
            **changes,
        }
    )


@dataclass
class Provider:
    """A running provider. before: called with the form's name ahead of each answer."""

    peer: HttpPeer
    answers: dict[str, Any] = field(default_factory=lambda: dict(ANSWERS))
    before: Callable[[str], Reply | None] = lambda form: None

    @property
    def forms(self) -> list[str]:
        """The forms asked for so far, in order."""
        return [form_of(request) for request in self.peer.requests]


@contextmanager
def model_provider() -> Iterator[Provider]:
    """Yield a running provider that answers every form well until told otherwise."""

    def answer(request: Received) -> Reply | None:
        form = form_of(request)
        return provider.before(form) or completion(provider.answers[form])

    with http_server(answer) as peer:
        provider = Provider(peer=peer)
        yield provider


@contextmanager
def guarded_endpoint() -> Iterator[HttpPeer]:
    """Yield an OpenAI-compatible endpoint that knows one key and one model, `good`."""

    def answer(request: Received) -> Reply:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return Reply(status=401, body={"error": {"message": f"Bad key {KEY[:6]}"}})
        if request.json["model"] != "good":
            return Reply(status=404, body={"error": {"message": "no such model"}})
        return completion(ANSWERS["Ready"])

    with http_server(answer) as peer:
        yield peer


def close_model_clients() -> None:
    """Close the connections that litellm keeps for each endpoint; it drops them open."""
    if "litellm" not in sys.modules:
        return
    import litellm
    from litellm.llms.custom_httpx.async_client_cleanup import close_litellm_async_clients

    if litellm.in_memory_llm_clients_cache.cache_dict:
        closing = close_litellm_async_clients()  # type: ignore[no-untyped-call]
        asyncio.run_coroutine_threadsafe(closing, llm._loop()).result(timeout=10)
        litellm.in_memory_llm_clients_cache.flush_cache()  # type: ignore[no-untyped-call]


def put_on_tiers(model: str = "openai/test-model", **changes: Any) -> None:
    """Run every tier on this model."""
    TierVersion.objects.update(model=model, **changes)
