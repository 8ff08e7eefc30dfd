"""What went wrong with a provider, from the exception its client raised. Pure.

litellm's exceptions are known here by the names of their classes, so that nothing imports it.
What a provider wrote is searched for known phrases and never repeated: it may quote key or prompt.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import isfinite

from agents import errors

# From here on a status says that the provider, and not the question, is at fault.
SERVER_ERROR = 500

CHECK_KEY = "Give a key that may use this model at its provider."
CHECK_NAME = "Check the model's name and the base URL."
CHECK_URL = "Check that the base URL is right and that its server runs."


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong, known by a status or an exception's name, and by a phrase.

    is_transient, may_cost: as of a ModelError.
    """

    kind: type[errors.ModelError] = errors.ModelError
    what: str
    advice: str = ""
    is_transient: bool = False
    may_cost: bool = False
    statuses: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()
    phrase: str = ""

    def fits(self, status: int | None, names: frozenset[str], text: str) -> bool:
        """Return whether an exception of these facts is this fault."""
        if (self.statuses or self.names) and not (
            status in self.statuses or not names.isdisjoint(self.names)
        ):
            return False
        return re.search(self.phrase, text, re.IGNORECASE) is not None


# The first that fits, so what is special stands before what is general.
FAULTS = (
    Fault(
        kind=errors.ModelTimeout,
        what="did not answer in time",
        is_transient=True,
        may_cost=True,
        statuses=frozenset({408, 504}),
        names=frozenset({"TimeoutError", "Timeout"}),
    ),
    Fault(
        kind=errors.RateLimited,
        what="has no credit left at its provider",
        advice="Add credit there, or choose another model.",
        statuses=frozenset({402, 429}),
        phrase=r"quota|billing|credit|balance",
    ),
    Fault(
        kind=errors.RateLimited,
        what="asked to slow down",
        is_transient=True,
        statuses=frozenset({429}),
        names=frozenset({"RateLimitError"}),
    ),
    Fault(
        kind=errors.ContextTooLong,
        what="found the text too long",
        statuses=frozenset({413}),
        names=frozenset({"ContextWindowExceededError"}),
    ),
    Fault(
        kind=errors.ContextTooLong,
        what="found the text too long",
        statuses=frozenset({400}),
        phrase=r"prompt (is )?too long|context (length|window)|too many (input )?tokens",
    ),
    Fault(
        kind=errors.Refused,
        what="declined to answer",
        names=frozenset({"ContentPolicyViolationError"}),
    ),
    Fault(
        kind=errors.Refused,
        what="declined to answer",
        statuses=frozenset({400}),
        phrase=r"content.(filter|management policy)|safety system",
    ),
    Fault(
        what="has no key",
        advice="Give it one, or set its provider's key in the environment.",
        phrase=r"missing credentials|missing .{0,40}api.?key",
    ),
    Fault(
        what="did not accept the key",
        advice=CHECK_KEY,
        statuses=frozenset({401, 403}),
        names=frozenset({"AuthenticationError", "PermissionDeniedError"}),
    ),
    Fault(what="does not exist at its provider", advice=CHECK_NAME, statuses=frozenset({404})),
    Fault(
        what="does not exist at its provider",
        advice=CHECK_NAME,
        statuses=frozenset({400}),
        phrase=r"invalid model|model\b.{0,80}(not found|does not exist)",
    ),
    Fault(
        what="names no known provider",
        advice="Write it as provider/model.",
        phrase=r"LLM Provider NOT provided",
    ),
    Fault(
        kind=errors.FormUnsupported,
        what="takes no JSON schema",
        statuses=frozenset({400}),
        phrase=r"response.?format|json.?schema",
    ),
    Fault(
        what="could not be reached",
        advice=CHECK_URL,
        is_transient=True,
        names=frozenset({"ConnectError", "ClientConnectorError", "ConnectionRefusedError"}),
    ),
    Fault(
        what="gave an answer that is no chat completion",
        advice=CHECK_URL,
        may_cost=True,
        names=frozenset({"JSONDecodeError"}),
    ),
    Fault(
        what="gave an answer that is no chat completion",
        advice=CHECK_URL,
        may_cost=True,
        phrase=r"invalid response from LLM endpoint",
    ),
    Fault(
        what="broke off the connection",
        is_transient=True,
        may_cost=True,
        names=frozenset({"TransportError", "ClientConnectionError"}),
    ),
)


def model_error(error: BaseException, model: str, now: datetime) -> errors.ModelError:
    """Return our error for what a client raised; one of ours is found in the chain as it is."""
    chain = list(_chain(error))
    for cause in chain:
        if isinstance(cause, errors.ModelError):
            return cause
    status = getattr(error, "status_code", None)
    names = frozenset(kind.__name__ for cause in chain for kind in type(cause).__mro__)
    for fault in FAULTS:
        if fault.fits(status, names, str(error)):
            ours = fault.kind(f"{model} {fault.what}.", advice=fault.advice)
            ours.is_transient, ours.may_cost = fault.is_transient, fault.may_cost
            break
    else:
        # litellm gives a status to what had none, so it counts only if there was an answer.
        answered = "HTTPStatusError" in names
        what = f"status {status}" if answered else type(chain[-1]).__name__
        ours = errors.ModelError(f"{model} failed with {what}.")
        ours.is_transient = answered and status is not None and status >= SERVER_ERROR
        ours.may_cost = not answered
    ours.retry_after_s = _retry_after_s(chain, now)
    return ours


def _chain(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _retry_after_s(chain: list[BaseException], now: datetime) -> float | None:
    """Return how long the answer's Retry-After asks to wait: seconds, or until a date."""
    for cause in chain:
        headers = getattr(cause, "litellm_response_headers", None) or getattr(
            getattr(cause, "response", None), "headers", {}
        )
        asked = headers.get("retry-after")
        if asked:
            return _seconds(str(asked), now)
    return None


def _seconds(asked: str, now: datetime) -> float | None:
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - now).total_seconds()
        except (ValueError, TypeError):  # no date, or one without its time zone
            return None
    return max(0.0, seconds) if isfinite(seconds) else None
