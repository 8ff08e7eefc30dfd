"""Whether a run goes in circles: the same call, the same arguments, nothing new. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from observability.payloads import digest

# The third call that can only say what the first two said is not made.
MOST_IDENTICAL = 2


@dataclass(frozen=True, kw_only=True)
class MadeCall:
    """A call that was made. arguments and result: their digests."""

    tool: str
    arguments: str
    result: str
    changed: bool


def made_call(tool: str, given: Mapping[str, Any] | None, result: Any) -> MadeCall:
    """Return the call as it is remembered. given: the step's input; result: its `Told`."""
    told = result or {}
    return MadeCall(
        tool=tool,
        arguments=digest((given or {}).get("arguments")),
        result=digest([told.get("status"), told.get("result")]),
        changed=told.get("status") == "done" and (given or {}).get("effect") != "read",
    )


def goes_in_circles(calls: Sequence[MadeCall], tool: str, arguments: Mapping[str, Any]) -> bool:
    """Return whether this call was made before with nothing new: same arguments, same results.

    Whatever changed the world in between counts as progress, and so does a result that differs.
    """
    asked = digest(dict(arguments))
    since = max((place + 1 for place, call in enumerate(calls) if call.changed), default=0)
    same = [call for call in calls[since:] if (call.tool, call.arguments) == (tool, asked)]
    newest = same[-MOST_IDENTICAL:]
    return len(newest) == MOST_IDENTICAL and len({call.result for call in newest}) == 1
