"""The gateway to every model: tiers with fallbacks inside one deadline, answers of a given form.

The one module of `agents` that imports litellm, and late: the import takes seconds and 190 MB.
litellm's own Router is not used: it keeps no overall deadline and takes empty answers for
success (docs/decisions/0006). What a try passes on its way is in `agents.calls`.
"""

import asyncio
import hashlib
import importlib
import json
import logging
import math
import os
import random
import threading
import time
from collections.abc import Coroutine, Mapping
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any, TypeVar

from django.utils import timezone
from pydantic import BaseModel, ConfigDict

from agents import errors, prices
from agents.answers import in_words, response_format
from agents.attempts import Completion
from agents.calls import Call, Messages, Question, Response
from agents.halting import Halt
from agents.keys import key_of
from agents.models import TierVersion
from agents.provider_errors import model_error
from agents.retrying import Tried, Turn, first_round, next_round
from agents.tiers import LOCAL, is_embedded

log = logging.getLogger(__name__)

PROBE = "You are asked whether you work. Repeat the JSON document of the user message."

# How long after its time a call may end when a client holds up the thread of all calls.
LATE_S = 0.3
PRICE_FILE = "model_prices_and_context_window_backup.json"

AnswerT = TypeVar("AnswerT", bound=BaseModel)

# Models, with their endpoints, that this process has seen turn a JSON schema away.
_schemaless: set[tuple[str, str]] = set()


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
    environment: str = "",
) -> Completion[AnswerT]:
    """Return the tier's first valid answer: its model's, then each fallback's.

    document: JSON for the user message. run_id, environment: whose budgets it is taken from; the
    environment is else the tier's. Ends within the tier's timeout_s, and by the deadline, a
    time.monotonic(). When no model answered, those that may do better a little later are asked
    again, as often as the tier says and there is time for. Raises the last failure when none
    answered, and whatever stops the work through `halt`.
    """
    _import_clients(tier)
    call = Call(
        tier=tier,
        system=system,
        document=json.dumps(document, ensure_ascii=False),
        form=form,
        prompt_version=prompt_version,
        client=_client(),
        agent=str(document.get("agent", "")),
        environment=environment,
        run_id=run_id,
        halt=halt or Halt(),
    )
    return _answer(call, min(deadline, time.monotonic() + tier.timeout_s))


def probe(tier: TierVersion) -> Completion[Ready]:
    """Return the model's answer to one small call in the tier version's settings, saved or not.

    Ends within its timeout_s. It is an administrator's own act: no budget, no limit, no breaker.
    Raises a ModelError that says what went wrong and what to do.
    """
    _import_clients(tier)
    call = Call(
        tier=tier,
        system=PROBE,
        document=json.dumps({"ready": True}),
        form=Ready,
        prompt_version="probe",
        client=_client(),
        is_trial=True,
    )
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
    _client()
    importlib.import_module("agents.local_model.provider")


def _import_clients(tier: TierVersion) -> None:
    """Import what the tier's models need before their time starts: it takes seconds."""
    _client()
    if any(is_embedded(model) for model in tier.models):
        importlib.import_module("agents.local_model.provider")


def _answer(call: Call[AnswerT], deadline: float) -> Completion[AnswerT]:
    """Return the first valid answer of the tier's models, in as many rounds as it allows."""
    tier, failure = call.tier, errors.ModelError()
    turns = first_round(tier.models)
    for number in range(tier.retries + 1):
        tried = []
        for after, turn in zip(reversed(range(len(turns))), turns, strict=True):
            try:
                return _take(call, turn, after, deadline)
            except errors.ModelError as error:
                failure = error
                tried.append(_tried(turn.model, error))
        worth_until = deadline - errors.WORTH_ASKING_S
        turns = next_round(tried, number, by_s=worth_until, jitter=random.random)
        if not turns:
            break
    raise call.failed(failure)


def _take(call: Call[AnswerT], turn: Turn, after: int, deadline: float) -> Completion[AnswerT]:
    """Return the answer of the model whose turn it is. after: how many may still come after it."""
    began = time.monotonic()
    if turn.at_s is not None and turn.at_s > began:
        call.halt.sleep(turn.at_s - began)
    now = time.monotonic()
    # An equal share each: a model that hangs leaves its fallbacks their time.
    return call.attempt(turn.model, (deadline - now) / (after + 1), waited_s=now - began)


def _tried(model: str, error: errors.ModelError) -> Tried:
    return Tried(
        model=model,
        at_s=time.monotonic(),
        is_transient=error.is_transient,
        retry_after_s=error.retry_after_s,
    )


class _Client:
    """litellm, as `agents.calls` asks it."""

    def __init__(self) -> None:
        self.price_version = _price_version()

    def ask(self, question: Question, halt: Halt) -> Response:
        """Return litellm's response, once more without the schema if the endpoint takes none."""
        if question.agent and is_embedded(question.model):
            _ready_local_model(question.agent)
        where = (question.model, question.endpoint)
        system = question.messages[0]["content"]
        if where not in _schemaless:
            try:
                asked_for = response_format(question.form)
                return Response(
                    content=_send(question, question.messages, asked_for, halt), system=system
                )
            except errors.FormUnsupported:
                _schemaless.add(where)
        system = f"{system}\n\n{in_words(question.form)}"
        messages = [{"role": "system", "content": system}, *question.messages[1:]]
        content = _send(question, messages, {"type": "json_object"}, halt)
        return Response(content=content, system=system)

    def price_entry(self, model: str) -> Mapping[str, Any] | None:
        """Return the model's entry in the bundled price table, None where it has none."""
        return _prices().get(model) or _prices().get(model.partition("/")[2])

    def cost_usd(self, model: str, response: Any) -> Decimal | None:
        """Return what the response cost by the bundled prices; an unknown price is never 0."""
        if not prices.is_priced(self.price_entry(model)):
            return None
        try:
            cost = _litellm().completion_cost(completion_response=response, model=model)
        except Exception:
            log.exception("%s could not be priced", model)
            return None
        return Decimal(str(cost))


def _send(
    question: Question, messages: Messages, response_format: dict[str, Any], halt: Halt
) -> Any:
    model, left_s = question.model, question.until - time.monotonic()
    if left_s <= 0:
        late = errors.ModelTimeout(f"There was no time left to ask {model}.")
        late.may_cost = False
        raise late
    asked = _litellm().acompletion(
        model=model,
        messages=messages,
        temperature=question.temperature,
        max_tokens=question.max_tokens,
        response_format=response_format,
        # The tier's and not what is left, which `_within` sees to: litellm keeps a client, with
        # its open connections, for each value.
        timeout=question.timeout_s,
        num_retries=0,
        max_retries=0,  # unset, one call makes up to three requests
        **_access(model, question.endpoint),
    )
    answered = asyncio.run_coroutine_threadsafe(_within(left_s, asked, model), _loop())
    try:
        # A moment more than the coroutine has: it is late only if a client holds the loop up.
        return halt.result_of(answered, left_s + LATE_S)
    except TimeoutError:
        late = errors.ModelTimeout(f"{model} did not answer in time.")
        late.is_transient = True
        raise late from None
    finally:
        answered.cancel()


async def _within(left_s: float, asked: Coroutine[Any, Any, Any], model: str) -> Any:
    try:
        return await asyncio.wait_for(asked, left_s)
    except Exception as error:
        raise model_error(error, model, timezone.now()) from error


def _access(model: str, endpoint: str) -> dict[str, str]:
    """Return where the model is and with which key; a provider's own key goes to itself alone."""
    if endpoint:
        # Clients insist on a key; an endpoint that wants none does not look at it.
        return {"api_base": endpoint, "api_key": key_of(endpoint) or "none"}
    key = key_of(model.partition("/")[0])
    return {"api_key": key} if key else {}


def _ready_local_model(agent: str) -> None:
    # Here, not in the provider: that one runs in a thread with no database connection.
    from agents.local_model import training  # noqa: PLC0415 - imports scikit-learn

    training.load_current(agent)


@cache
def _client() -> _Client:
    _litellm()
    return _Client()


def _price_version() -> str:
    """Return whose prices these are: litellm's version, and the hash of the table it brings."""
    table = files("litellm").joinpath(PRICE_FILE).read_bytes()
    return f"litellm {version('litellm')} {hashlib.sha256(table).hexdigest()[:8]}"


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
