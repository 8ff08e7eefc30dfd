"""Whether an agent may work, and changing that. A change reaches every process within a second."""

from django.db import transaction
from django.utils import timezone

from agents import lifecycle
from agents.errors import AgentNotLive, AgentPaused, CannotChangeStatus, RunError
from agents.models import LIVE, STAGING, Agent

WHY_NOT_LIVE = {
    Agent.Status.DRAFT: "It is a draft.",
    Agent.Status.STAGING: "It is in staging, where customers see nothing of it.",
}
NO_SUCH_AGENT = "It is not installed any more."


@transaction.atomic
def set_status(agent_id: int, status: str, note: str) -> tuple[str, Agent]:
    """Return the status before, and the agent with the new one. The caller writes the audit row.

    Raises CannotChangeStatus when it cannot follow. Locks the agent.
    """
    agent = Agent.objects.select_for_update().get(pk=agent_id)
    before = agent.status
    if said := lifecycle.refusal(before, status, job=agent.job, metric=agent.metric):
        raise CannotChangeStatus(said)
    agent.status = status
    agent.status_note = note
    agent.status_changed_at = timezone.now()
    agent.save(update_fields=["status", "status_note", "status_changed_at"])
    return before, agent


def refusal_of(agent_id: int, environment: str = LIVE) -> RunError | None:
    """Return what stops the agent's work in the environment, None where nothing does: one query."""
    row = Agent.objects.filter(pk=agent_id).values_list("status", "status_note").first()
    return refusal(*row, environment) if row else AgentNotLive(NO_SUCH_AGENT)


def refusal(status: str, note: str, environment: str) -> RunError | None:
    """Return what stops an agent of this status, None where nothing does."""
    found = lifecycle.work(status, in_staging=environment == STAGING)
    if found == "paused":
        return AgentPaused(note)
    if found == "not_live":
        return AgentNotLive(WHY_NOT_LIVE.get(Agent.Status(status), ""))
    return None
