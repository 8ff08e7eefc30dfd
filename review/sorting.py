"""Whose categories a ticket is sorted into."""

from agents.models import Agent, Run

SORTER, NEIGHBOUR = "triage", "resolution"


def sorted_by(run: Run) -> int:
    """Return the id of the agent whose categories a ticket of the run is sorted into.

    The neighbour classifies nothing: what it works on may belong anywhere that triage knows.
    """
    if run.agent.slug != NEIGHBOUR:
        return run.agent_id
    triage = Agent.objects.filter(slug=SORTER).values_list("pk", flat=True).first()
    return triage or run.agent_id


def redrafted_by(run: Run) -> str:
    """Return the agent that writes the run's draft anew; the neighbour writes only what it did."""
    return SORTER if run.agent.slug == NEIGHBOUR else run.agent.slug
