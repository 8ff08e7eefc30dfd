"""Why a run ends without a usable result. `error_type` is what traces and metrics show."""

from collections.abc import Sequence
from typing import Any, ClassVar

# A model is not asked, or waited for, if it would have less than this to answer in.
WORTH_ASKING_S = 0.5


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


class Quarantined(RunError):
    """Three workers died on the run: it is left alone until a person starts it again."""

    error_type = "crashed"


class AttemptOver(Exception):
    """This attempt has no time for another step: the next one goes on from the journal."""


class ToolError(RunError):
    """The agent asked for what no tool gives it: a stranger, one too many, the same again."""

    error_type = "tool_error"


class ToolFailed(Exception):
    """The tool did not do it, for certain. The message says why, for the agent and a person."""


class ChangedSinceApproved(RunError):
    """What would be done is not what was approved, so nothing was done."""

    error_type = "changed_since_approved"


class ModelError(RunError):
    """A model call failed, on every model of its tier once it leaves the gateway.

    advice: a sentence on what a person can do about it. retry_after_s: how long the provider
    asked to wait. is_transient: the same call may succeed a little later. may_cost: the provider
    may charge for it all the same. attempts: each try, as plain values.
    """

    error_type = "provider_error"
    advice = "Try again in a minute, or choose another model."
    retry_after_s: float | None = None
    is_transient = False
    may_cost = True
    attempts: tuple[dict[str, Any], ...] = ()

    def __init__(self, *said: str, advice: str = "") -> None:
        super().__init__(*said)
        self.advice = advice or self.advice


class FormUnsupported(ModelError):
    """The endpoint takes no JSON schema; the gateway asks again in another way."""


class NotAsked(ModelError):
    """The model has kept failing, so it is left alone for a while and was not asked."""

    advice = "Wait a minute, or give the tier a fallback."
    may_cost = False


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
    """The model's answer did not have the asked form.

    answer, complaint: what it said and what is wrong with it, for the model alone to read: both may
    be personal and reach no log. No complaint where asking it again would not help.
    """

    error_type = "schema_invalid"
    advice = "Choose a model that supports structured output."
    answer = ""
    complaint = ""


class ContextTooLong(ModelError):
    """The conversation does not fit the model's context window."""

    error_type = "context_too_long"
    advice = "Choose a model with a larger context window."


class BudgetExceeded(ModelError):
    """A budget of the tier does not hold what the call may cost at worst; nothing was spent."""

    error_type = "budget_exceeded"
    advice = "Raise the budget, or choose a cheaper model."
    may_cost = False


class NotTrained(ModelError):
    """The embedded model has nothing to learn from yet: import examples for this agent."""

    error_type = "not_trained"


class CannotConnect(Exception):
    """A model could not be connected and nothing was changed; the message says what to do."""


class ToolUnclear(Exception):
    """Nobody can say whether a tool did what it was called for: its answer did not arrive."""


class CannotChangeStatus(Exception):
    """An agent's status cannot become the other; the message says what to do."""


class UnfitDefinition(Exception):
    """A file defines no agent. faults: a sentence each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = tuple(faults)
