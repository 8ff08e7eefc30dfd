"""An agent that looks a payment up and then makes it, for workers that die in the midst.

Workers import it by COUNTERSIGN_PLUGINS; its tools are web services, named in COUNTERSIGN_TOOLS.
"""

import json
from pathlib import Path
from typing import Any

from agents.journal import Journal
from agents.results import Proposal, RunResult
from agents.runner import register_agent
from agents.tools.calling import call_tool

NAME = "payer"
SCHEMA = {"type": "object", "required": ["order"], "properties": {"order": {"type": "string"}}}
TOOLS = {"look_up": ("read", False), "pay": ("irreversible", True), "pay_blindly": ("write", False)}


def pay(journal: Journal, given: dict[str, Any]) -> RunResult:
    """Pay the order of the run's input by the tool it names, once a person agrees."""
    order = {"order": given["order"]}
    call_tool(journal, "look", "look_up", order)
    told = call_tool(journal, "pay", given["tool"], order, why="It is due.")
    return RunResult(
        proposal=Proposal(kind="draft", text=f"Hello, the payment is {told.status}."),
        category="",
        confidence=1.0,
        queue="billing",
    )


def write_tools(path: Path, url: str) -> Path:
    """Return the path of the file that names the tools, as services of this address."""
    entries = (
        {
            "name": name,
            "agent": NAME,
            "description": "Of the tests.",
            "url": f"{url}/{name}",
            "schema": SCHEMA,
            "effect": effect,
            "takes_key": takes_key,
            "timeout_s": 10,
        }
        for name, (effect, takes_key) in TOOLS.items()
    )
    path.write_text("".join(map(_toml, entries)), encoding="utf-8")
    return path


def _toml(entry: dict[str, Any]) -> str:
    lines = [f"{name} = {_value(value)}" for name, value in entry.items()]
    return "\n".join(["[[tools]]", *lines, "", ""])


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_value(one)}" for name, one in value.items()) + "}"
    return json.dumps(value)


register_agent(NAME, pay)
