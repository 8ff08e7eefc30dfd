"""The gateway to every model: tiers with fallbacks inside one deadline, answers of a given form.

The one module of `agents` that imports litellm, and late: the import takes seconds and 190 MB.
litellm's own Router is not used: it keeps no overall deadline and takes empty answers for
success (docs/decisions/0006).
"""

import asyncio
import importlib
import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from agents import errors
from agents.journal import ModelUse, Outcome
from agents.keys import key_of
from agents.models import Step, TierVersion
from agents.tiers import live_tier, tier_of

log = logging.getLogger(__name__)

LOCAL = "local"

AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One model's try at a call, for the trace. Tokens and cost where the model answered at all."""

    tier: int
    model: str
    prompt_version: str
    latency_ms: int
    error_type: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    pricing: str = ""
    cost_usd: str | None = None


@dataclass(frozen=True, kw_only=True)
class Completion(Generic[AnswerT]):
    """A valid answer, what it took, and every try at it, the successful one last."""

    answer: AnswerT
    use: ModelUse
    attempts: tuple[Attempt, ...]

    def as_outcome(self) -> Outcome:
        """Return it as a journal step's outcome."""
        return Outcome(
            result=self.answer.model_dump(),
            use=self.use,
            attributes={"countersign.attempts": [asdict(attempt) for attempt in self.attempts]},
        )


def complete(
    task: str,
    *,
    system: str,
    document: Mapping[str, Any],
    form: type[AnswerT],
    prompt_version: str,
) -> Completion[AnswerT]:
    """Return the first valid answer of the task's tier: its model, then each fallback.

    document: JSON for the user message. Ends within the tier's timeout_s. Raises the last
    model's ModelError when none answered.
    """
    tier = live_tier(tier_of(task))
    deadline = time.monotonic() + tier.timeout_s
    attempts: list[Attempt] = []
    failure = errors.ModelError()
    for model in tier.models:
        started = time.monotonic()
        use = None
        try:
            response = _ask(model, tier, system, document, form, deadline - started)
            use = _use(model, tier, prompt_version, response)
            answer = _parse(response, form)
        except errors.ModelError as error:
            failure = error
            attempts.append(_attempt(model, tier, prompt_version, started, use, error.error_type))
            continue
        attempts.append(_attempt(model, tier, prompt_version, started, use))
        return Completion(answer=answer, use=use, attempts=tuple(attempts))
    failure.attempts = tuple(asdict(attempt) for attempt in attempts)
    raise failure


def preload() -> None:
    """Import the model libraries now, so that the first call does not wait for them."""
    _litellm()
    importlib.import_module("agents.local_model.provider")


def _attempt(
    model: str,
    tier: TierVersion,
    prompt_version: str,
    started: float,
    use: ModelUse | None,
    error_type: str = "",
) -> Attempt:
    return Attempt(
        tier=tier.tier,
        model=model,
        prompt_version=prompt_version,
        latency_ms=round((time.monotonic() - started) * 1000),
        error_type=error_type,
        input_tokens=use.input_tokens if use else None,
        output_tokens=use.output_tokens if use else None,
        pricing=use.pricing if use else "",
        cost_usd=str(use.cost_usd) if use and use.cost_usd is not None else None,
    )


def _ask(
    model: str,
    tier: TierVersion,
    system: str,
    document: Mapping[str, Any],
    form: type[BaseModel],
    left_s: float,
) -> Any:
    """Return litellm's response within `left_s` seconds, or raise a ModelError."""
    if left_s <= 0:
        raise errors.ModelTimeout(f"Tier {tier.tier} had no time left for {model}.")
    litellm = _litellm()
    if model.partition("/")[0] == LOCAL:
        _ready_local_model(str(document["agent"]))
    call = litellm.acompletion(
        model=model,
        messages=[
            {"role": "system", "content": system},
            {"role": "user", "content": json.dumps(document, ensure_ascii=False)},
        ],
        temperature=tier.temperature,
        max_tokens=tier.max_tokens,
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": form.__name__,
                "strict": True,
                "schema": form.model_json_schema(),
            },
        },
        timeout=left_s,
        num_retries=0,
        max_retries=0,  # unset, one call makes up to three requests
        **_access(model, tier),
    )
    try:
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(call, left_s), _loop()).result()
    except Exception as error:
        raise _model_error(error, model) from error


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


def _model_error(error: BaseException, model: str) -> errors.ModelError:
    """Return our error for what litellm raised; the embedded model's own is found in the chain."""
    litellm = _litellm()
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, errors.ModelError):
            return cause
        cause = cause.__cause__ or cause.__context__
    kinds: tuple[tuple[type[BaseException], type[errors.ModelError], str], ...] = (
        (TimeoutError, errors.ModelTimeout, "did not answer in time"),
        (litellm.Timeout, errors.ModelTimeout, "did not answer in time"),
        (litellm.RateLimitError, errors.RateLimited, "asked to slow down (429)"),
        (litellm.ContextWindowExceededError, errors.ContextTooLong, "found the text too long"),
        (litellm.ContentPolicyViolationError, errors.Refused, "declined to answer"),
        (litellm.AuthenticationError, errors.ModelError, "did not accept the key"),
        (litellm.NotFoundError, errors.ModelError, "does not exist at its provider"),
    )
    for kind, ours, what in kinds:
        if isinstance(error, kind):
            return ours(f"{model} {what}.")
    return errors.ModelError(f"{model} failed with {type(error).__name__}.")


def _parse(response: Any, form: type[AnswerT]) -> AnswerT:
    """Return the validated answer. Raises Refused or SchemaInvalid."""
    if not response.choices:
        raise errors.ModelError("The provider's answer was empty.")
    choice = response.choices[0]
    extra = getattr(choice.message, "provider_specific_fields", None) or {}
    if extra.get("refusal") or choice.finish_reason == "content_filter":
        raise errors.Refused("The model declined to answer.")
    try:
        # PostgreSQL's text holds no NUL, and no answer needs one.
        return form.model_validate_json((choice.message.content or "").replace("\\u0000", ""))
    except ValidationError as error:
        # Only where and what kind: the text itself may be personal and stays out of logs.
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "answer"
        raise errors.SchemaInvalid(
            f"The model's answer does not fit {form.__name__}: {where} is {first['type']}."
        ) from None


def _use(model: str, tier: TierVersion, prompt_version: str, response: Any) -> ModelUse:
    usage = getattr(response, "usage", None)
    pricing, cost_usd = _price(model, response)
    return ModelUse(
        tier=tier.tier,
        model=model,
        prompt_version=prompt_version,
        input_tokens=getattr(usage, "prompt_tokens", 0) or 0,
        output_tokens=getattr(usage, "completion_tokens", 0) or 0,
        pricing=pricing,
        cost_usd=cost_usd,
    )


def _price(model: str, response: Any) -> tuple[Step.Pricing, Decimal | None]:
    """Return the call's cost by litellm's bundled prices; an unknown price is never 0."""
    provider, _, name = model.partition("/")
    if provider == LOCAL:
        return Step.Pricing.LOCAL, Decimal(0)
    known = _prices().get(model) or _prices().get(name)
    if not known or not known.get("input_cost_per_token") or not known.get("output_cost_per_token"):
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
