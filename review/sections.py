"""The pages about agents, as their bar names them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Section:
    """A page. url: its address's name. pages: those of the pages that belong under it."""

    url: str
    name: str
    pages: tuple[str, ...] = ()


PROMPT_DEEDS = ("prompt-stage", "prompt-unstage", "prompt-ask", "prompt-file")
SECTIONS = (
    Section(url="agents", name="Agents", pages=("agent", "agent-edit", "agent-status")),
    Section(url="tiers", name="Models"),
    Section(url="prompts", name="Prompts", pages=("prompt", "prompt-answer", *PROMPT_DEEDS)),
    Section(url="tools", name="Tools"),
    Section(url="guardrails", name="Guardrails"),
    Section(url="policies", name="Policy"),
    Section(url="staging", name="Staging"),
)
