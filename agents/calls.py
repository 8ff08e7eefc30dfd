"""One question to a tier: each try at it passes the model's door and the budgets, and is counted.

What speaks to providers is given as a `Client`, so that this imports none.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

from django.conf import settings
from django.utils import timezone
from pydantic import BaseModel

from agents import budgets, doors, errors, prices
from agents.answers import read_answer, repair_of, schema_of
from agents.attempts import Attempt, Completion, spent
from agents.halting import Halt
from agents.journal import ModelUse
from agents.models import Step, TierVersion
from agents.own_doors import Asked, Where
from agents.tiers import is_embedded
from observability.failures import count_failure

AnswerT = TypeVar("AnswerT", bound=BaseModel)
Messages = Sequence[Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a model is asked. agent: whose examples the embedded model is to know. until: the
    time.monotonic() of its end.
    """

    model: str
    endpoint: str
    agent: str
    messages: Messages
    form: type[BaseModel]
    temperature: float
    max_tokens: int
    timeout_s: int
    until: float


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a provider answered. system: the prompt as it was sent."""

    content: Any
    system: str


class Client(Protocol):
    """What speaks to providers, and knows their prices."""

    price_version: str

    def ask(self, question: Question, halt: Halt) -> Response:
        """Return the provider's response. Raises ModelError, and what stops the work."""

    def price_entry(self, model: str) -> Mapping[str, Any] | None:
        """Return the model's entry in the price table, None where it has none."""

    def cost_usd(self, model: str, response: Any) -> Decimal | None:
        """Return what the response cost, None where that is unknown."""


@dataclass(kw_only=True)
class Call(Generic[AnswerT]):
    """One question to a tier, and every try at it.

    is_trial: an administrator's test call, which passes no door, no budget and no repair.
    """

    tier: TierVersion
    system: str
    document: str
    form: type[AnswerT]
    prompt_version: str
    client: Client
    agent: str = ""
    environment: str = ""
    run_id: int | None = None
    halt: Halt = field(default_factory=Halt)
    is_trial: bool = False
    attempts: list[Attempt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.environment = self.environment or self.tier.environment or settings.ENVIRONMENT

    def attempt(self, model: str, left_s: float, *, waited_s: float = 0) -> Completion[AnswerT]:
        """Return the model's valid answer within `left_s` seconds, or raise a ModelError.

        An answer of another form is shown to the model once more, with what is wrong with it.
        """
        until = time.monotonic() + left_s
        messages = [
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.document},
        ]
        try:
            return self._try(self._question(model, messages, until), waited_s)
        except errors.SchemaInvalid as error:
            if not self._is_repairable(error, model, until):
                raise
            messages = repair_of(messages, error)
        return self._try(self._question(model, messages, until), 0, is_repair=True)

    def failed(self, failure: errors.ModelError) -> errors.ModelError:
        """Return the failure with every try that led to it."""
        failure.attempts = tuple(asdict(attempt) for attempt in self.attempts)
        return failure

    def _is_repairable(self, error: errors.SchemaInvalid, model: str, until: float) -> bool:
        has_time = time.monotonic() + errors.WORTH_ASKING_S <= until
        return bool(error.complaint) and has_time and not self.is_trial and not is_embedded(model)

    def _question(self, model: str, messages: Messages, until: float) -> Question:
        return Question(
            model=model,
            endpoint=self.tier.endpoints.get(model, ""),
            agent=self.agent,
            messages=messages,
            form=self.form,
            temperature=self.tier.temperature,
            max_tokens=self.tier.max_tokens,
            timeout_s=self.tier.timeout_s,
            until=until,
        )

    def _try(
        self, question: Question, waited_s: float, *, is_repair: bool = False
    ) -> Completion[AnswerT]:
        clock = _Clock(waited_s=waited_s)
        use: ModelUse | None = None
        failure: errors.ModelError | None = None
        try:
            with self._guarded(question, clock) as hold:
                response = self._ask(question, hold)
                use = self._use(question.model, response)
                hold.cost_usd = use.cost_usd
            answer = read_answer(response.content, self.form, question.model)
        except errors.ModelError as error:
            failure = error
            self._count(question.model, error)
            raise
        finally:
            self.attempts.append(self._attempt(question, clock, use, failure, is_repair))
        return Completion(answer=answer, use=use, attempts=tuple(self.attempts))

    @contextmanager
    def _guarded(self, question: Question, clock: "_Clock") -> Iterator[budgets.Hold]:
        """Hold a place at the model and what it may cost; the embedded model needs neither."""
        if self.is_trial or is_embedded(question.model):
            yield budgets.Hold()
            return
        tier, model = self.tier, question.model
        asked = Asked(
            where=Where(model=model, endpoint=question.endpoint),
            limit=tier.max_concurrent or 0,
            until=question.until,
        )
        bounds = budgets.budgets_of(tier, self.environment, self.run_id)
        worst_usd = self._worst_usd(question) if bounds else None
        # Half of what a call of the tier gives each of its models at least.
        fair_s = tier.timeout_s / len(tier.models) / 2
        with doors.passed(asked, fair_s=fair_s, halt=self.halt) as waited_s:
            clock.start_after(waited_s)
            with budgets.held(
                bounds,
                tier,
                model,
                worst_usd,
                environment=self.environment,
                run_id=self.run_id,
            ) as hold:
                yield hold

    def _ask(self, question: Question, hold: budgets.Hold) -> Response:
        try:
            return self.client.ask(question, self.halt)
        except errors.ModelError as error:
            if not error.may_cost:
                hold.cost_usd = Decimal(0)
            raise

    def _worst_usd(self, question: Question) -> Decimal | None:
        entry = self.client.price_entry(question.model)
        if entry is None or not prices.is_priced(entry):
            return None
        most = prices.most_input_tokens(question.messages, schema_of(self.form))
        return prices.worst_usd(entry, most, question.max_tokens)

    def _use(self, model: str, response: Response) -> ModelUse:
        usage = getattr(response.content, "usage", None)
        read = getattr(usage, "prompt_tokens_details", None)
        written = getattr(usage, "completion_tokens_details", None)
        input_tokens = getattr(usage, "prompt_tokens", 0) or 0
        pricing, cost_usd = self._price(model, response, is_counted=input_tokens > 0)
        return ModelUse(
            tier=self.tier.tier,
            model=model,
            prompt_version=self.prompt_version,
            input_tokens=input_tokens,
            output_tokens=getattr(usage, "completion_tokens", 0) or 0,
            cached_tokens=getattr(read, "cached_tokens", None),
            reasoning_tokens=getattr(written, "reasoning_tokens", None),
            rendered_digest=hashlib.sha256(response.system.encode()).hexdigest(),
            price_version=self.client.price_version,
            pricing=pricing,
            cost_usd=cost_usd,
        )

    def _price(
        self, model: str, response: Response, *, is_counted: bool
    ) -> tuple[Step.Pricing, Decimal | None]:
        if is_embedded(model):
            return Step.Pricing.LOCAL, Decimal(0)
        # No prompt is empty: where none is counted the provider told no usage, and no cost follows.
        cost_usd = self.client.cost_usd(model, response.content) if is_counted else None
        return (Step.Pricing.UNPRICED if cost_usd is None else Step.Pricing.PRICED), cost_usd

    def _count(self, model: str, error: errors.ModelError) -> None:
        # One that was skipped did not fail this time: its breaker has a gauge of its own.
        if not self.is_trial and not isinstance(error, errors.NotAsked):
            count_failure("model", model, error.error_type, environment=self.environment)

    def _attempt(
        self,
        question: Question,
        clock: "_Clock",
        use: ModelUse | None,
        failure: errors.ModelError | None,
        is_repair: bool,
    ) -> Attempt:
        return Attempt(
            tier=self.tier.tier,
            model=question.model,
            prompt_version=self.prompt_version,
            started_at=clock.started_at.isoformat(),
            waited_ms=round(clock.waited_s * 1000),
            latency_ms=round((time.monotonic() - clock.started) * 1000),
            error_type=failure.error_type if failure else "",
            message=str(failure) if failure else "",
            is_repair=is_repair,
            is_skipped=isinstance(failure, errors.NotAsked),
            **spent(use),
        )


@dataclass(kw_only=True)
class _Clock:
    """When a try began, and for how long it had to wait before."""

    waited_s: float
    started_at: datetime = field(default_factory=timezone.now)
    started: float = field(default_factory=time.monotonic)

    def start_after(self, waited_s: float) -> None:
        """Begin the try only now, where it had to wait for a place."""
        if waited_s:
            self.waited_s += waited_s
            self.started_at, self.started = timezone.now(), time.monotonic()
