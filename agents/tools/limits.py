"""How often a tool may be called: counted and held by one statement, however many ask at once."""

from datetime import datetime

from django.db import connection
from django.utils import timezone

from agents.errors import ToolError
from agents.models import Agent, ToolUse
from agents.tools.registry import Tool

COUNT = """
INSERT INTO agents_tooluse (agent_id, tool, "window", started_at, calls)
VALUES (%s, %s, %s, %s, 1)
ON CONFLICT (agent_id, tool, "window", started_at)
DO UPDATE SET calls = agents_tooluse.calls + 1 WHERE agents_tooluse.calls < %s
RETURNING calls
"""


def count_call(agent: Agent, tool: Tool, made: int) -> None:
    """Count a call that is about to be made. made: how often this run has called the tool.

    Raises ToolError when a limit is reached; then it is not to be made.
    """
    if tool.per_run is not None and made >= tool.per_run:
        raise ToolError(f"{tool.name} may be called {_times(tool.per_run)} a run, not more.")
    now = timezone.localtime()
    for window, limit, started_at in (
        (ToolUse.Window.MINUTE, tool.per_minute, now.replace(second=0, microsecond=0)),
        (ToolUse.Window.DAY, tool.per_day, now.replace(hour=0, minute=0, second=0, microsecond=0)),
    ):
        if limit is not None and not _counted(agent, tool, window, started_at, limit):
            raise ToolError(f"{tool.name} may be called {_times(limit)} a {window}, not more.")


def _counted(agent: Agent, tool: Tool, window: str, started_at: datetime, limit: int) -> bool:
    if limit == 0:
        return False
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [agent.pk, tool.name, window, started_at, limit])
        return cursor.fetchone() is not None


def _times(limit: int) -> str:
    return "once" if limit == 1 else f"{limit} times"
