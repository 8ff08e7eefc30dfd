"""The pages about agents, as their bar names them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Section:
    """A page. url: its address's name."""

    url: str
    name: str


SECTIONS = (
    Section(url="agents", name="Agents"),
    Section(url="tiers", name="Models"),
    Section(url="prompts", name="Prompts"),
    Section(url="tools", name="Tools"),
    Section(url="guardrails", name="Guardrails"),
    Section(url="policies", name="Policy"),
    Section(url="staging", name="Staging"),
)
