"""The gateway to every model: tiers with fallbacks inside one deadline, answers of a given form.

The one module of `agents` that imports litellm, and late: the import takes seconds and 190 MB.
litellm's own Router is not used: it keeps no overall deadline and takes empty answers for
success (docs/decisions/0006).
"""

import asyncio
import importlib
import json
import logging
import math
import os
import threading
import time
from collections.abc import Coroutine, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Generic, TypeVar

from django.utils import timezone
from pydantic import BaseModel, ConfigDict

from agents import errors
from agents.answers import in_words, read_answer, response_format
from agents.attempts import Attempt, Completion, spent
from agents.halting import Halt
from agents.journal import ModelUse
from agents.keys import key_of
from agents.models import Step, TierVersion
from agents.provider_errors import model_error
from agents.tiers import LOCAL

log = logging.getLogger(__name__)

PROBE = "You are asked whether you work. Repeat the JSON document of the user message."

# A model is not waited for if it would have less than this to answer in.
WORTH_ASKING_S = 0.5
# How long after its time a call may end when a client holds up the thread of all calls.
LATE_S = 0.3

AnswerT = TypeVar("AnswerT", bound=BaseModel)

# Models, with their endpoints, that this process has seen turn a JSON schema away.
_schemaless: set[tuple[str, str | None]] = set()


class Ready(BaseModel):
    """The answer of a model that is asked whether it works."""

    model_config = ConfigDict(extra="forbid")

    ready: bool


def complete(
    tier: TierVersion,
    *,
    system: str,
    document: Mapping[str, Any],
    form: type[AnswerT],
    prompt_version: str,
    run_id: int | None = None,
    deadline: float = math.inf,
    halt: Halt | None = None,
) -> Completion[AnswerT]:
    """Return the tier's first valid answer: its model's, then each fallback's.

    document: JSON for the user message. run_id: whose budget it is of. Ends within the tier's
    timeout_s, and by the deadline, a time.monotonic(). When no model answered and one asked to wait
    for no longer than there is time, it is waited for and asked once more. Raises the last failure
    when none answered, and whatever stops the work through `halt`.
    """
    _import_clients(tier)
    call = _Call(tier, system, document, form, prompt_version, halt or Halt())
    deadline = min(deadline, time.monotonic() + tier.timeout_s)
    again: dict[str, float] = {}
    failure = errors.ModelError()
    for after, model in zip(reversed(range(len(tier.models))), tier.models, strict=True):
        # An equal share each: a model that hangs leaves its fallbacks their time.
        share_s = (deadline - time.monotonic()) / (after + 1)
        try:
            return call.attempt(model, share_s)
        except errors.ModelError as error:
            failure = error
            if error.retry_after_s is not None:
                again[model] = time.monotonic() + error.retry_after_s
    for model in sorted(again, key=again.__getitem__)[:1]:
        if again[model] + WORTH_ASKING_S > deadline:
            break
        wait_s = max(0.0, again[model] - time.monotonic())
        time.sleep(wait_s)
        try:
            return call.attempt(model, deadline - time.monotonic(), waited_s=wait_s)
        except errors.ModelError as error:
            failure = error
    failure.attempts = tuple(asdict(attempt) for attempt in call.attempts)
    raise failure


def probe(tier: TierVersion) -> Completion[Ready]:
    """Return the model's answer to one small call in the tier version's settings, saved or not.

    Ends within its timeout_s. Raises a ModelError that says what went wrong and what to do.
    """
    _import_clients(tier)
    call = _Call(tier, PROBE, {"ready": True}, Ready, "probe", Halt())
    try:
        return call.attempt(tier.model, tier.timeout_s)
    except errors.ModelError as error:
        raise type(error)(f"{error} {error.advice}".strip()) from error


def knows_provider(name: str) -> bool:
    """Return whether litellm can call a provider of this name."""
    return name in {str(getattr(known, "value", known)) for known in _litellm().provider_list}


def missing_access(model: str) -> list[str]:
    """Return the environment variables that the model's provider needs and this process lacks."""
    return list(_litellm().validate_environment(model)["missing_keys"])


def preload() -> None:
    """Import the model libraries now, so that the first call does not wait for them."""
    _litellm()
    importlib.import_module("agents.local_model.provider")


def _import_clients(tier: TierVersion) -> None:
    """Import what the tier's models need before their time starts: it takes seconds."""
    _litellm()
    if any(model.partition("/")[0] == LOCAL for model in tier.models):
        importlib.import_module("agents.local_model.provider")


@dataclass
class _Call(Generic[AnswerT]):
    """One question to a tier, and every try at it."""

    tier: TierVersion
    system: str
    document: Mapping[str, Any]
    form: type[AnswerT]
    prompt_version: str
    halt: Halt
    attempts: list[Attempt] = field(default_factory=list)

    def attempt(self, model: str, left_s: float, *, waited_s: float = 0) -> Completion[AnswerT]:
        """Return the model's valid answer within `left_s` seconds, or raise a ModelError."""
        started_at, started = timezone.now(), time.monotonic()
        use = None
        failure: errors.ModelError | None = None
        try:
            response = self._ask(model, started + left_s)
            use = _use(model, self.tier, self.prompt_version, response)
            answer = read_answer(response, self.form, model)
        except errors.ModelError as error:
            failure = error
            raise
        finally:
            self.attempts.append(
                Attempt(
                    tier=self.tier.tier,
                    model=model,
                    prompt_version=self.prompt_version,
                    started_at=started_at.isoformat(),
                    waited_ms=round(waited_s * 1000),
                    latency_ms=round((time.monotonic() - started) * 1000),
                    error_type=failure.error_type if failure else "",
                    message=str(failure) if failure else "",
                    **spent(use),
                )
            )
        return Completion(answer=answer, use=use, attempts=tuple(self.attempts))

    def _ask(self, model: str, until: float) -> Any:
        """Return litellm's response, once more without the schema if the endpoint takes none."""
        if model.partition("/")[0] == LOCAL and "agent" in self.document:
            _ready_local_model(str(self.document["agent"]))
        where = (model, self.tier.endpoints.get(model))
        if where not in _schemaless:
            try:
                return self._send(model, until, self.system, response_format(self.form))
            except errors.FormUnsupported:
                _schemaless.add(where)
        system = f"{self.system}\n\n{in_words(self.form)}"
        return self._send(model, until, system, {"type": "json_object"})

    def _send(self, model: str, until: float, system: str, response_format: dict[str, Any]) -> Any:
        left_s = until - time.monotonic()
        if left_s <= 0:
            raise errors.ModelTimeout(f"There was no time left to ask {model}.")
        asked = _litellm().acompletion(
            model=model,
            messages=[
                {"role": "system", "content": system},
                {"role": "user", "content": json.dumps(self.document, ensure_ascii=False)},
            ],
            temperature=self.tier.temperature,
            max_tokens=self.tier.max_tokens,
            response_format=response_format,
            # The tier's and not what is left, which `_within` sees to: litellm keeps a client, with
            # its open connections, for each value.
            timeout=self.tier.timeout_s,
            num_retries=0,
            max_retries=0,  # unset, one call makes up to three requests
            **_access(model, self.tier),
        )
        answered = asyncio.run_coroutine_threadsafe(_within(left_s, asked, model), _loop())
        try:
            # A moment more than the coroutine has: it is late only if a client holds the loop up.
            return self.halt.result_of(answered, left_s + LATE_S)
        except TimeoutError:
            raise errors.ModelTimeout(f"{model} did not answer in time.") from None
        finally:
            answered.cancel()


async def _within(left_s: float, asked: Coroutine[Any, Any, Any], model: str) -> Any:
    try:
        return await asyncio.wait_for(asked, left_s)
    except Exception as error:
        raise model_error(error, model, timezone.now()) from error


def _access(model: str, tier: TierVersion) -> dict[str, str]:
    """Return where the model is and with which key; a provider's own key goes to itself alone."""
    endpoint = tier.endpoints.get(model)
    if endpoint:
        # Clients insist on a key; an endpoint that wants none does not look at it.
        return {"api_base": endpoint, "api_key": key_of(endpoint) or "none"}
    key = key_of(model.partition("/")[0])
    return {"api_key": key} if key else {}


def _ready_local_model(agent: str) -> None:
    # Here, not in the provider: that one runs in a thread with no database connection.
    from agents.local_model import training  # noqa: PLC0415 - imports scikit-learn

    training.load_current(agent)


def _use(model: str, tier: TierVersion, prompt_version: str, response: Any) -> ModelUse:
    usage = getattr(response, "usage", None)
    details = getattr(usage, "prompt_tokens_details", None)
    input_tokens = getattr(usage, "prompt_tokens", 0) or 0
    # No prompt is empty: where none is counted, the provider told no usage, and no cost follows.
    pricing, cost_usd = _price(model, response, counted=input_tokens > 0)
    return ModelUse(
        tier=tier.tier,
        model=model,
        prompt_version=prompt_version,
        input_tokens=input_tokens,
        output_tokens=getattr(usage, "completion_tokens", 0) or 0,
        cached_tokens=getattr(details, "cached_tokens", None),
        pricing=pricing,
        cost_usd=cost_usd,
    )


def _price(model: str, response: Any, *, counted: bool) -> tuple[Step.Pricing, Decimal | None]:
    """Return the call's cost by litellm's bundled prices; an unknown price is never 0."""
    provider, _, name = model.partition("/")
    if provider == LOCAL:
        return Step.Pricing.LOCAL, Decimal(0)
    known = _prices().get(model) or _prices().get(name)
    if not counted or not known:
        return Step.Pricing.UNPRICED, None
    if not known.get("input_cost_per_token") or not known.get("output_cost_per_token"):
        return Step.Pricing.UNPRICED, None
    try:
        cost = _litellm().completion_cost(completion_response=response, model=model)
    except Exception:
        log.exception("%s could not be priced", model)
        return Step.Pricing.UNPRICED, None
    return Step.Pricing.PRICED, Decimal(str(cost))


@cache
def _litellm() -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # otherwise the import asks the network
    import litellm  # noqa: PLC0415
    from litellm.llms.custom_llm import CustomLLMError  # noqa: PLC0415
    from litellm.utils import custom_llm_setup  # noqa: PLC0415

    class LocalProvider(litellm.CustomLLM):  # type: ignore[misc, name-defined]
        """The embedded model, at the end of the same path as any other."""

        async def acompletion(self, *, model_response: Any, **call: Any) -> Any:
            # Imported late: it brings scikit-learn, which other models' workers can do without.
            from agents.local_model.provider import respond  # noqa: PLC0415

            form = call["optional_params"]["response_format"]["json_schema"]["name"]
            prompt = call["messages"][-1]["content"]
            try:
                content = await asyncio.to_thread(respond, form, json.loads(prompt))
            except errors.ModelError as error:
                raise CustomLLMError(424, str(error)) from error  # type: ignore[no-untyped-call]
            text = json.dumps(content, ensure_ascii=False)
            model_response.choices[0].message.content = text
            model_response.usage = litellm.Usage(
                prompt_tokens=len(prompt) // 4, completion_tokens=len(text) // 4
            )
            return model_response

    litellm.suppress_debug_info = True
    litellm.disable_aiohttp_transport = True  # its clients leave their sessions open when dropped
    litellm.drop_params = True
    litellm.custom_provider_map = [{"provider": LOCAL, "custom_handler": LocalProvider()}]
    custom_llm_setup()  # type: ignore[no-untyped-call]
    _prices()
    return litellm


@cache
def _prices() -> dict[str, dict[str, Any]]:
    # A copy: litellm adds entries of its own, with price 0, as unknown models are called.
    import litellm  # noqa: PLC0415

    return dict(litellm.model_cost)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Return this process's one event loop: litellm's clients must not outlive theirs."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="models", daemon=True).start()
    return loop
