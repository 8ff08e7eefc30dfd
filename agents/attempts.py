"""The tries at one model call, and what came of them."""

from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from agents.journal import ModelUse, Outcome

AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One model's try at a call, for the trace. Tokens and cost where the model answered at all.

    started_at: ISO 8601. waited_ms: before it, because the provider had asked for that, as jitter
    or for a place. message: what went wrong, without advice. is_repair: it was shown its own answer
    and what was wrong with it. is_skipped: it was not asked, because it had kept failing.
    """

    tier: int
    model: str
    prompt_version: str
    started_at: str
    waited_ms: int
    latency_ms: int
    error_type: str = ""
    message: str = ""
    is_repair: bool = False
    is_skipped: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
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


def spent(use: ModelUse | None) -> dict[str, Any]:
    """Return an attempt's tokens and cost; nothing where the model did not answer."""
    if use is None:
        return {}
    return {
        "input_tokens": use.input_tokens,
        "output_tokens": use.output_tokens,
        "cached_tokens": use.cached_tokens,
        "reasoning_tokens": use.reasoning_tokens,
        "pricing": use.pricing,
        "cost_usd": str(use.cost_usd) if use.cost_usd is not None else None,
    }
