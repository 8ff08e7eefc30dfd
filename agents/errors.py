"""Why a run ends without a usable result. `error_type` is what traces and metrics show."""

from typing import Any, ClassVar


class RunError(Exception):
    """A run cannot go on."""

    error_type: ClassVar[str] = "error"


class UnknownAgent(RunError):
    """No agent of this name is installed."""

    error_type = "unknown_agent"


class RunLost(Exception):
    """Another worker took this run over, or it was cancelled: stop without writing."""


class ModelError(RunError):
    """A model call failed on every model of its tier. attempts: each try, as plain values."""

    error_type = "provider_error"
    attempts: tuple[dict[str, Any], ...] = ()


class RateLimited(ModelError):
    """The provider asked to slow down."""

    error_type = "rate_limited"


class ModelTimeout(ModelError):
    """The model did not answer within its tier's time."""

    error_type = "timeout"


class Refused(ModelError):
    """The model declined to answer."""

    error_type = "refusal"


class SchemaInvalid(ModelError):
    """The model's answer did not have the asked form."""

    error_type = "schema_invalid"


class ContextTooLong(ModelError):
    """The conversation does not fit the model's context window."""

    error_type = "context_too_long"


class NotTrained(ModelError):
    """The embedded model has nothing to learn from yet: import examples for this agent."""

    error_type = "not_trained"
