"""Agents, what they run on, their runs, and what bounds them."""

from agents.models.comparisons import Comparison
from agents.models.definitions import Agent, Category
from agents.models.learning import Calibration, LocalModelVersion
from agents.models.limits import (
    LONGEST_WAIVER,
    Reservation,
    Spend,
    ToolSetting,
    ToolUse,
    Waiver,
)
from agents.models.runs import (
    HEARTBEAT_INTERVAL,
    HEARTBEAT_TIMEOUT,
    MOST_CRASHES,
    Effect,
    Pause,
    Run,
    RunPayload,
    Step,
    new_trace_id,
)
from agents.models.versions import (
    DRAFT,
    LIVE,
    STAGING,
    PolicyVersion,
    Promotion,
    PromptVersion,
    RouteVersion,
    TierVersion,
    Version,
)

__all__ = [
    "DRAFT",
    "HEARTBEAT_INTERVAL",
    "HEARTBEAT_TIMEOUT",
    "LIVE",
    "LONGEST_WAIVER",
    "MOST_CRASHES",
    "STAGING",
    "Agent",
    "Calibration",
    "Category",
    "Comparison",
    "Effect",
    "LocalModelVersion",
    "Pause",
    "PolicyVersion",
    "Promotion",
    "PromptVersion",
    "Reservation",
    "RouteVersion",
    "Run",
    "RunPayload",
    "Spend",
    "Step",
    "TierVersion",
    "ToolSetting",
    "ToolUse",
    "Version",
    "Waiver",
    "new_trace_id",
]
