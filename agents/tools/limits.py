"""How often a tool may be called: counted and held by one statement, however many ask at once."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from agents.errors import ToolError
from agents.models import Agent, ToolSetting, ToolUse
from agents.tools.registry import Tool
from agents.tools.settings import limits_of

COUNT = """
INSERT INTO agents_tooluse (agent_id, tool, "window", started_at, is_shadow, calls)
VALUES (%s, %s, %s, %s, %s, 1)
ON CONFLICT (agent_id, tool, "window", started_at, is_shadow)
DO UPDATE SET calls = agents_tooluse.calls + 1 WHERE agents_tooluse.calls < %s
RETURNING calls
"""


def count_call(agent: Agent, tool: Tool, made: int, *, is_shadow: bool = False) -> None:
    """Count a call that is about to be made. made: how often this run has called the tool.

    is_shadow: whether a shadow run makes it; theirs are held to the same limits, but apart.
    Raises ToolError when a limit is reached or an admin has switched it off; then it is not to be
    made.
    """
    limits = limits_of(tool, ToolSetting.objects.filter(agent=agent, tool=tool.name).first())
    if not limits.is_enabled:
        raise ToolError(f"{tool.name} is switched off.")
    if limits.per_run is not None and made >= limits.per_run:
        raise ToolError(f"{tool.name} may be called {_times(limits.per_run)} a run, not more.")
    minute = timezone.localtime().replace(second=0, microsecond=0)
    for window, limit, started_at in (
        (ToolUse.Window.MINUTE, limits.per_minute, minute),
        (ToolUse.Window.DAY, limits.per_day, minute.replace(hour=0, minute=0)),
    ):
        if limit is None:
            continue
        if limit == 0 or not _counted([agent.pk, tool.name, window, started_at, is_shadow, limit]):
            raise ToolError(f"{tool.name} may be called {_times(limit)} a {window}, not more.")


def _counted(values: Sequence[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        return cursor.fetchone() is not None


def _times(limit: int) -> str:
    return "once" if limit == 1 else f"{limit} times"
