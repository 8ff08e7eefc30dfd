"""What the gateway asks of a provider, what it reads from the answer, and what that costs."""

import hashlib
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import version
from typing import Any

import pytest
from pydantic import BaseModel

from agents import llm
from agents.answers import schema_of
from agents.errors import ModelError
from agents.keys import keep_key
from agents.models import Step, TierVersion
from agents.triage.schemas import Classified, Drafted, Extracted
from observability.failures import failure_counts
from observability.models import Span
from tests.agents.test_provider_faults import FAULTS, Fault, attempts_of, refused, said
from tests.agents.test_runner import executed, queued_run, result_of
from tests.peers import Received, Reply, free_port, http_server
from tests.provider import ANSWERS, Provider, completion, form_of, put_on_tiers

pytestmark = pytest.mark.django_db

PRICED = "openai/gpt-4o-mini"
# What OpenAI's strict mode takes of JSON Schema; Anthropic's takes these too.
STRICT = {"type", "properties", "required", "additionalProperties", "items", "enum", "description"}


def tier_on(model: str, **changes: Any) -> TierVersion:
    """An unsaved version of a tier on this model."""
    values = {"temperature": 0.0, "max_tokens": 100, "timeout_s": 5, "reason": "A trial."}
    return TierVersion(tier=1, version=2, model=model, **values | changes)


def price_of(model: str) -> dict[str, float]:
    """The bundled price list's entry; imported late, once the gateway has told it to stay local."""
    import litellm

    price: dict[str, float] = litellm.model_cost[model]
    return price


def objects_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every schema inside the schema, itself first."""
    yield schema
    for part in schema.get("properties", {}).values():
        yield from objects_of(part)
    if "items" in schema:
        yield from objects_of(schema["items"])


@pytest.mark.parametrize("form", [Extracted, Classified, Drafted, llm.Ready])
def test_a_forms_schema_keeps_to_what_strict_modes_take(form: type[BaseModel]) -> None:
    for part in objects_of(schema_of(form)):
        assert set(part) <= STRICT
        if part["type"] == "object":
            assert part["required"] == list(part["properties"])
            assert part["additionalProperties"] is False


def test_every_call_asks_for_its_form_by_a_strict_schema(provider: Provider) -> None:
    executed(queued_run())
    forms: dict[str, type[BaseModel]] = {
        "Extracted": Extracted,
        "Classified": Classified,
        "Drafted": Drafted,
    }
    for request in provider.peer.requests:
        asked = request.json["response_format"]
        assert asked["type"] == "json_schema"
        assert asked["json_schema"]["strict"] is True
        assert asked["json_schema"]["schema"] == schema_of(forms[form_of(request)])


def test_calls_of_a_tier_share_a_connection(provider: Provider) -> None:
    put_on_tiers(timeout_s=7)
    for _ in range(2):
        executed(queued_run())
    assert len(provider.forms) == 6
    assert len({request.connection for request in provider.peer.requests}) == 1


def test_a_call_costs_its_tokens_at_the_models_prices(provider: Provider) -> None:
    put_on_tiers(PRICED)
    price = price_of("gpt-4o-mini")
    expected = 120 * price["input_cost_per_token"] + 30 * price["output_cost_per_token"]
    run = executed(queued_run())
    (attempt,) = attempts_of(run, "draft")
    assert float(attempt["cost_usd"]) == pytest.approx(expected)
    step = run.steps.get(key="draft")
    assert step.pricing == Step.Pricing.PRICED
    assert step.cost_usd == round(Decimal(str(expected)), 6)
    assert step.cached_tokens is None


def test_cached_tokens_are_recorded_and_cost_less(provider: Provider) -> None:
    put_on_tiers(PRICED)
    price = price_of("gpt-4o-mini")
    usage = {
        "prompt_tokens": 2000,
        "completion_tokens": 100,
        "total_tokens": 2100,
        "prompt_tokens_details": {"cached_tokens": 1536},
    }
    provider.before = lambda form: completion(ANSWERS[form], usage=usage)
    run = executed(queued_run())
    expected = (
        464 * price["input_cost_per_token"]
        + 1536 * price["cache_read_input_token_cost"]
        + 100 * price["output_cost_per_token"]
    )
    (attempt,) = attempts_of(run, "draft")
    assert float(attempt["cost_usd"]) == pytest.approx(expected)
    assert attempt["cached_tokens"] == 1536
    assert run.steps.get(key="draft").cached_tokens == 1536
    span = Span.objects.get(name=f"chat {PRICED}", attributes__contains={"countersign.tier": 2})
    assert span.attributes["gen_ai.usage.cache_read.input_tokens"] == 1536


def test_a_priced_model_that_tells_no_usage_is_unpriced_and_not_free(provider: Provider) -> None:
    put_on_tiers(PRICED)
    provider.before = lambda form: completion(ANSWERS[form], usage=None)
    call = executed(queued_run()).steps.get(key="draft")
    assert (call.pricing, call.cost_usd) == ("unpriced", None)


@pytest.mark.parametrize(
    "fence", ["```json\n{}\n```", "```\n{}\n```", "\n```json\n\n{}\n\n  ```\n"]
)
def test_an_answer_in_a_fence_is_read(provider: Provider, fence: str) -> None:
    provider.before = lambda form: completion(fence.replace("{}", json.dumps(ANSWERS[form])))
    run = executed(queued_run())
    assert (run.status, run.error_message) == ("done", "")


@pytest.mark.parametrize(("written", "read"), [("en-GB", "en"), ("DE", "de"), ("pt_BR", "pt")])
def test_a_language_with_its_region_is_the_language(
    provider: Provider, written: str, read: str
) -> None:
    provider.answers["Extracted"] = {**ANSWERS["Extracted"], "language": written}
    assert result_of(executed(queued_run())).language == read


def test_an_endpoint_without_schemas_is_asked_in_words_and_not_tried_again(
    provider: Provider,
) -> None:
    """As DeepSeek does: it takes `json_object` alone."""

    def answer(form: str) -> Reply | None:
        asked = provider.peer.requests[-1].json["response_format"]["type"]
        return (
            refused(400, "This response_format is unavailable") if asked != "json_object" else None
        )

    provider.before = answer
    put_on_tiers("openai/in-words", endpoints={"openai/in-words": f"{provider.peer.url}/v1"})
    run = executed(queued_run())
    assert (run.status, run.error_message) == ("done", "")
    asked = [request.json["response_format"]["type"] for request in provider.peer.requests]
    assert asked == ["json_schema", "json_object", "json_object", "json_object"]
    assert provider.forms == ["Extracted", "Extracted", "Classified", "Drafted"]


def test_anthropic_is_asked_for_the_same_forms(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once by its schema mode, once by a tool, for a model that litellm does not know yet."""

    def answer(request: Received) -> Reply:
        asked = request.json
        if "tools" in asked:
            (tool,) = asked["tools"]
            schema = {name: tool["input_schema"][name] for name in schema_of(Extracted)}
        else:
            schema = asked["output_format"]["schema"]
        form = next(f for f in (Extracted, Classified, Drafted) if schema_of(f) == schema)
        said = ANSWERS[form.__name__]
        block = (
            {"type": "tool_use", "id": "t-1", "name": tool["name"], "input": said}
            if "tools" in asked
            else {"type": "text", "text": json.dumps(said)}
        )
        return Reply(
            body={
                "id": "m-1",
                "type": "message",
                "role": "assistant",
                "model": asked["model"],
                "content": [
                    {"type": "thinking", "thinking": "It says a parcel. " * 9, "signature": "s"},
                    block,
                ],
                "stop_reason": "end_turn",
                "usage": {
                    "input_tokens": 20,
                    "output_tokens": 30,
                    "cache_read_input_tokens": 100,
                    "cache_creation_input_tokens": 0,
                },
            }
        )

    with http_server(answer) as peer:
        known, unknown = "anthropic/claude-haiku-4-5", "anthropic/claude-not-yet-known"
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key")
        put_on_tiers(known, endpoints={known: peer.url, unknown: peer.url})
        TierVersion.objects.filter(tier=2).update(model=unknown)
        run = executed(queued_run())
    assert (run.status, run.error_message) == ("done", "")
    extracted, drafted = run.steps.get(key="extract"), run.steps.get(key="draft")
    for step in (extracted, drafted):
        assert step.reasoning_tokens is not None
        assert 0 < step.reasoning_tokens <= (step.output_tokens or 0)
        assert step.price_version.startswith("litellm ")
        assert len(step.rendered_digest) == 64
    assert (extracted.input_tokens, extracted.cached_tokens, extracted.pricing) == (
        120,
        100,
        "priced",
    )
    assert (drafted.model, drafted.pricing) == (unknown, "unpriced")


def test_a_probe_says_that_a_model_answers_and_with_which_key(provider: Provider) -> None:
    endpoint = f"{provider.peer.url}/v1"
    keep_key(endpoint, "endpoint-key")
    done = llm.probe(tier_on("openai/mine", endpoints={"openai/mine": endpoint}))
    assert done.answer.ready
    assert (done.use.input_tokens, done.use.pricing) == (120, "unpriced")
    (request,) = provider.peer.requests
    assert request.headers["authorization"] == "Bearer endpoint-key"
    assert request.json["model"] == "mine"


def test_the_embedded_model_answers_a_probe() -> None:
    done = llm.probe(tier_on("local/countersign"))
    assert (done.answer.ready, done.use.pricing) == (True, "local")


@pytest.mark.parametrize("fault", [fault for fault in FAULTS.values() if not fault.hangs])
def test_a_probe_that_fails_names_model_and_way_out_and_nothing_secret(
    provider: Provider, fault: Fault
) -> None:
    provider.before = lambda form: fault.reply()
    with pytest.raises(ModelError) as failed:
        llm.probe(tier_on("openai/test-model"))
    sentences = str(failed.value)
    assert failed.value.error_type == fault.error_type
    assert sentences.startswith("openai/test-model ")
    assert sentences.count(". ") == 1
    assert sentences.endswith(".")
    for secret in ("test-key", "sk-", "whether you work", "deliv", "Sign in"):
        assert secret not in sentences


@pytest.mark.parametrize(
    ("model", "endpoint", "said"),
    [
        ("openai/x", f"http://127.0.0.1:{free_port()}/v1", "openai/x could not be reached."),
        ("openai/x", "http://no-such-host.invalid/v1", "openai/x could not be reached."),
        ("openai/x", "", "openai/x has no key."),
        ("anthropic/x", "", "anthropic/x has no key."),
        ("nameless", "", "nameless names no known provider."),
    ],
    ids=["nothing listens", "no such host", "no key", "no key of theirs", "no provider"],
)
def test_a_probe_of_a_wrong_way_says_which(
    monkeypatch: pytest.MonkeyPatch, model: str, endpoint: str, said: str
) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ModelError, match="^" + said):
        llm.probe(tier_on(model, endpoints={model: endpoint} if endpoint else {}))


def test_a_cut_off_answer_names_the_limit_it_met(provider: Provider) -> None:
    provider.before = lambda form: said('{"rea', "length")
    with pytest.raises(ModelError, match=r"limit of tokens .* Raise the tier's token limit\.$"):
        llm.probe(tier_on("openai/test-model"))


def test_an_answer_of_another_form_is_shown_to_its_model_once_more(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {"category": "ada@lovelace.example", "confidence": 7, "alternatives": []}
    answers = [completion(wrong)]
    provider.before = lambda form: answers.pop() if answers and form == "Classified" else None
    run = executed(queued_run())
    assert (run.status, run.error_message) == ("done", "")
    first, repaired = attempts_of(run, "classify")
    assert (first["error_type"], first["is_repair"]) == ("schema_invalid", False)
    assert (repaired["error_type"], repaired["is_repair"]) == ("", True)
    assert first["input_tokens"] == repaired["input_tokens"] == 120
    asked, again = [r.json for r in provider.peer.requests if form_of(r) == "Classified"]
    assert again["messages"][:2] == asked["messages"]
    assert again["response_format"] == asked["response_format"]
    assistant, complaint = again["messages"][2:]
    assert (assistant["role"], json.loads(assistant["content"])) == ("assistant", wrong)
    assert complaint["role"] == "user"
    assert "- confidence: Input should be less than or equal to 1" in complaint["content"]
    # What people wrote is for the model alone.
    assert "lovelace" not in first["message"] + caplog.text


@pytest.mark.parametrize(
    ("reply", "tries"),
    [
        (said("It is about delivery."), 2),
        (said(""), 2),
        (said('{"category": "deliv', "length"), 1),
        (said(None, refusal="No."), 1),
    ],
    ids=["prose", "nothing", "cut off", "refusal"],
)
def test_a_model_is_shown_its_answer_once_and_only_where_that_may_help(
    provider: Provider, reply: Reply, tries: int
) -> None:
    provider.before = lambda form: reply if form == "Classified" else None
    run = executed(queued_run())
    assert run.status == "failed"
    assert len(attempts_of(run, "classify")) == tries
    messages = provider.peer.requests[-1].json["messages"]
    assert all(message["content"] for message in messages)


def test_reasoning_is_recorded_and_paid_for_as_output(provider: Provider) -> None:
    put_on_tiers(PRICED)
    usage = {
        "prompt_tokens": 120,
        "completion_tokens": 500,
        "total_tokens": 620,
        "completion_tokens_details": {"reasoning_tokens": 450},
    }
    provider.before = lambda form: completion(ANSWERS[form], usage=usage)
    run = executed(queued_run())
    step, (attempt,) = run.steps.get(key="draft"), attempts_of(run, "draft")
    price = price_of("gpt-4o-mini")
    expected = 120 * price["input_cost_per_token"] + 500 * price["output_cost_per_token"]
    assert (step.output_tokens, step.reasoning_tokens) == (500, 450)
    assert attempt["reasoning_tokens"] == 450
    assert float(attempt["cost_usd"]) == pytest.approx(expected)
    span = Span.objects.get(name=f"chat {PRICED}", attributes__contains={"countersign.tier": 2})
    assert span.attributes["gen_ai.usage.reasoning.output_tokens"] == 450


def test_every_call_says_whose_prices_and_which_prompt_it_had(provider: Provider) -> None:
    put_on_tiers(PRICED)
    run = executed(queued_run())
    sent = {
        form_of(request): request.json["messages"][0]["content"]
        for request in provider.peer.requests
    }
    for key, form in (("extract", "Extracted"), ("classify", "Classified"), ("draft", "Drafted")):
        step = run.steps.get(key=key)
        assert step.rendered_digest == hashlib.sha256(sent[form].encode()).hexdigest()
        assert re.fullmatch(rf"litellm {version('litellm')} [0-9a-f]{{8}}", step.price_version)


def test_the_digest_is_of_the_prompt_with_its_form_in_words(provider: Provider) -> None:
    model = "openai/in-words-too"
    provider.before = lambda form: (
        refused(400, "This response_format is unavailable")
        if provider.peer.requests[-1].json["response_format"]["type"] != "json_object"
        else None
    )
    put_on_tiers(model, endpoints={model: f"{provider.peer.url}/v1"})
    run = executed(queued_run())
    sent = provider.peer.requests[-1].json["messages"][0]["content"]
    assert "JSON schema" in sent
    digest = hashlib.sha256(sent.encode()).hexdigest()
    assert run.steps.get(key="draft").rendered_digest == digest


def test_failed_tries_are_counted_by_model_and_type(provider: Provider) -> None:
    put_on_tiers("openai/first", fallbacks=["openai/second"], retries=0)
    provider.before = lambda form: (
        refused(429) if provider.peer.requests[-1].json["model"] == "first" else None
    )
    executed(queued_run())
    counted = [(c.environment, c.kind, c.name, c.error_type, c.count) for c in failure_counts()]
    assert counted == [("live", "model", "openai/first", "rate_limited", 3)]
