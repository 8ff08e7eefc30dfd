"""Why a run ends without a usable result. `error_type` is what traces and metrics show."""

from collections.abc import Sequence
from typing import Any, ClassVar


class RunError(Exception):
    """A run cannot go on."""

    error_type: ClassVar[str] = "error"


class UnknownAgent(RunError):
    """No agent of this name is installed."""

    error_type = "unknown_agent"


class RunLost(Exception):
    """Another worker took this run over, or it was cancelled: stop without writing."""


class AgentPaused(RunError):
    """Somebody stopped the agent; the message is their reason."""

    error_type = "agent_paused"


class AgentNotLive(RunError):
    """The agent is not live; the message says what it is."""

    error_type = "agent_not_live"


class RunTimeout(RunError):
    """The run took longer than a run may."""

    error_type = "timeout"


class ModelError(RunError):
    """A model call failed, on every model of its tier once it leaves the gateway.

    advice: a sentence on what a person can do about it. retry_after_s: how long the provider
    asked to wait. attempts: each try, as plain values.
    """

    error_type = "provider_error"
    advice = "Try again in a minute, or choose another model."
    retry_after_s: float | None = None
    attempts: tuple[dict[str, Any], ...] = ()

    def __init__(self, *said: str, advice: str = "") -> None:
        super().__init__(*said)
        self.advice = advice or self.advice


class FormUnsupported(ModelError):
    """The endpoint takes no JSON schema; the gateway asks again in another way."""


class RateLimited(ModelError):
    """The provider asked to slow down."""

    error_type = "rate_limited"
    advice = "Wait a minute, or ask the provider for a higher limit."


class ModelTimeout(ModelError):
    """The model did not answer within its tier's time."""

    error_type = "timeout"
    advice = "Give the tier more seconds, or choose a faster model."


class Refused(ModelError):
    """The model declined to answer."""

    error_type = "refusal"
    advice = "Choose another model for this tier."


class SchemaInvalid(ModelError):
    """The model's answer did not have the asked form."""

    error_type = "schema_invalid"
    advice = "Choose a model that supports structured output."


class ContextTooLong(ModelError):
    """The conversation does not fit the model's context window."""

    error_type = "context_too_long"
    advice = "Choose a model with a larger context window."


class NotTrained(ModelError):
    """The embedded model has nothing to learn from yet: import examples for this agent."""

    error_type = "not_trained"


class CannotConnect(Exception):
    """A model could not be connected and nothing was changed; the message says what to do."""


class CannotChangeStatus(Exception):
    """An agent's status cannot become the other; the message says what to do."""


class UnfitDefinition(Exception):
    """A file defines no agent. faults: a sentence each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = tuple(faults)
