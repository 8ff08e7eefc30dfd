"""The limits in force for an agent's tools: what their code says, or an admin in its place."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.models import Agent, ToolSetting
from agents.tools.registry import Tool, tools_of


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How often a tool may be called, None for no limit, and whether it may be called at all."""

    is_enabled: bool = True
    per_run: int | None = None
    per_minute: int | None = None
    per_day: int | None = None


def settings_of(agent: Agent) -> Mapping[str, Limits]:
    """Return the limits in force of each of the agent's tools by name, in one query."""
    set_by_admins = {setting.tool: setting for setting in ToolSetting.objects.filter(agent=agent)}
    return {
        name: limits_of(tool, set_by_admins.get(name))
        for name, tool in tools_of(agent.slug).items()
    }


def limits_of(tool: Tool, setting: ToolSetting | None) -> Limits:
    """Return the tool's limits. What a setting leaves out is as the code says."""
    if setting is None:
        return Limits(per_run=tool.per_run, per_minute=tool.per_minute, per_day=tool.per_day)
    return Limits(
        is_enabled=setting.is_enabled,
        per_run=_first(setting.per_run, tool.per_run),
        per_minute=_first(setting.per_minute, tool.per_minute),
        per_day=_first(setting.per_day, tool.per_day),
    )


def _first(chosen: int | None, coded: int | None) -> int | None:
    return coded if chosen is None else chosen
