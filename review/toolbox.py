"""The agents' tools as their page shows them, and changing how often each may be called."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from agents.models import Agent, Effect, ToolSetting, ToolUse
from agents.tools.registry import Tool, tools_of
from agents.tools.settings import Limits, limits_of
from review import audit
from review.actions import EFFECTS, in_words

LOOKED_BACK = timedelta(days=7)
EFFECT_NAMES = {
    "read": "Only reads",
    "write": "Changes something",
    "irreversible": "Cannot be undone",
}
TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "yes or no",
    "array": "a list",
    "object": "a group of values",
}


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a tool, in words."""

    name: str
    kind: str
    is_required: bool
    help: str


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A limit in force. coded: what the code says, where an admin has set another."""

    name: str
    per: str
    value: int | None
    coded: int | None
    used: int | None = None

    @property
    def is_set(self) -> bool:
        """Whether it is another than the code's."""
        return self.value != self.coded

    @property
    def is_reached(self) -> bool:
        """Whether the next call would be refused."""
        return self.value is not None and (self.used or 0) >= self.value


@dataclass(frozen=True, kw_only=True)
class ToolStanding:
    """A tool with its limits in force. ended: its calls that changed something, by their end."""

    tool: Tool
    limits: Sequence[Limit]
    is_enabled: bool
    setting: ToolSetting | None
    arguments: Sequence[Argument]
    ended: Mapping[str, int]

    @property
    def title(self) -> str:
        """The tool's name in words."""
        return in_words(self.tool.name)

    @property
    def effect_name(self) -> str:
        """What a call does to the world at worst, in two words."""
        return EFFECT_NAMES[self.tool.effect]

    @property
    def depends(self) -> bool:
        """Whether what a call does depends on its arguments."""
        return self.tool.effect_of is not None

    @property
    def consequence(self) -> str:
        """What a call does to the world at worst, in a sentence."""
        return EFFECTS[self.tool.effect]


@dataclass(frozen=True, kw_only=True)
class AgentTools:
    """An agent with its tools, those that only read first."""

    agent: Agent
    tools: Sequence[ToolStanding]


def agents_tools(now: datetime) -> list[AgentTools]:
    """Return every agent that has tools, in four queries."""
    agents = [agent for agent in Agent.objects.order_by("name") if tools_of(agent.slug)]
    settings = {
        (one.agent_id, one.tool): one
        for one in ToolSetting.objects.filter(agent__in=agents).select_related("changed_by")
    }
    uses, ended = _uses(agents, now), _ended(agents, now)
    return [
        AgentTools(
            agent=agent,
            tools=[
                _standing(
                    tool,
                    settings.get((agent.pk, tool.name)),
                    {window: uses.get((agent.pk, tool.name, window), 0) for window in _WINDOWS},
                    ended.get((agent.pk, tool.name), {}),
                )
                for tool in sorted(tools_of(agent.slug).values(), key=_order)
            ],
        )
        for agent in agents
    ]


@transaction.atomic
def set_limits(agent: Agent, tool: Tool, limits: Limits, *, reason: str, by: User) -> ToolSetting:
    """Return the setting that now holds for the tool. What is None is as the code says."""
    known = ToolSetting.objects.select_for_update().filter(agent=agent, tool=tool.name).first()
    before = asdict(limits_of(tool, known))
    setting = known or ToolSetting(agent=agent, tool=tool.name)
    for name, value in asdict(limits).items():
        setattr(setting, name, value)
    setting.reason, setting.changed_by = reason, by
    setting.save()
    audit.record(
        by,
        "tool.limited",
        setting,
        agent=agent.slug,
        tool=tool.name,
        was=before,
        now=asdict(limits_of(tool, setting)),
        reason=reason,
    )
    return setting


def arguments_of(schema: Mapping[str, Any]) -> list[Argument]:
    """Return a tool's arguments in words, those it needs first."""
    required = schema.get("required", ())
    found = [
        Argument(
            name=in_words(name),
            kind=_kind(one),
            is_required=name in required,
            help=str(one.get("description", "")),
        )
        for name, one in (schema.get("properties") or {}).items()
        if isinstance(one, Mapping)
    ]
    return sorted(found, key=lambda argument: not argument.is_required)


_WINDOWS = (ToolUse.Window.MINUTE, ToolUse.Window.DAY)


def _order(tool: Tool) -> tuple[int, str]:
    return ("read", "write", "irreversible").index(tool.effect), tool.name


def _kind(schema: Mapping[str, Any]) -> str:
    if isinstance(choices := schema.get("enum"), list):
        return "one of " + ", ".join(str(one) for one in choices)
    return TYPES.get(str(schema.get("type")), "a value")


def _standing(
    tool: Tool, setting: ToolSetting | None, used: Mapping[str, int], ended: Mapping[str, int]
) -> ToolStanding:
    limits = limits_of(tool, setting)
    shown = [
        Limit(name="per_run", per="a run", value=limits.per_run, coded=tool.per_run),
        Limit(
            name="per_minute",
            per="a minute",
            value=limits.per_minute,
            coded=tool.per_minute,
            used=used["minute"],
        ),
        Limit(
            name="per_day",
            per="a day",
            value=limits.per_day,
            coded=tool.per_day,
            used=used["day"],
        ),
    ]
    return ToolStanding(
        tool=tool,
        limits=shown,
        is_enabled=limits.is_enabled,
        setting=setting,
        arguments=arguments_of(tool.schema),
        ended=ended,
    )


def _uses(agents: Sequence[Agent], now: datetime) -> dict[tuple[int, str, str], int]:
    """Return how often live runs called each tool in this minute and today, where it is counted."""
    minute = timezone.localtime(now).replace(second=0, microsecond=0)
    starts = [minute, minute.replace(hour=0, minute=0)]
    rows = ToolUse.objects.filter(agent__in=agents, started_at__in=starts, is_shadow=False)
    begun = {"minute": starts[0], "day": starts[1]}
    return {
        (row.agent_id, row.tool, row.window): row.calls
        for row in rows
        if row.started_at == begun[row.window]
    }


def _ended(agents: Sequence[Agent], now: datetime) -> dict[tuple[int, str], dict[str, int]]:
    """Return how the calls of the last days that were to change something ended."""
    rows = (
        Effect.objects.filter(run__agent__in=agents, intended_at__gte=now - LOOKED_BACK)
        .values("run__agent", "tool", "state")
        .annotate(calls=Count("pk"))
    )
    found: dict[tuple[int, str], dict[str, int]] = {}
    for row in rows:
        found.setdefault((row["run__agent"], row["tool"]), {})[row["state"]] = row["calls"]
    return found
