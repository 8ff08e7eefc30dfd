"""The pages about agents, as their bar names them."""

from dataclasses import dataclass

from django.urls import reverse

# The name of each page's address, and the page's own.
SECTIONS = (
    ("agents", "Agents"),
    ("tiers", "Models"),
    ("prompts", "Prompts"),
    ("tools", "Tools"),
    ("guardrails", "Guardrails"),
    ("policies", "Policy"),
    ("staging", "Staging"),
)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A page in the bar. current: as `aria-current` says it, empty on pages elsewhere."""

    url: str
    name: str
    address: str
    current: str


def sections(path: str) -> list[Section]:
    """Return the bar as the page at this path shows it: what is under a page counts as there."""
    found = []
    for url, name in SECTIONS:
        address = reverse(url)
        current = "page" if path == address else "true" if path.startswith(address) else ""
        found.append(Section(url=url, name=name, address=address, current=current))
    return found
