"""Putting agents live and stopping them, on the record; and who must know that one is stopped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from agents.errors import CannotChangeStatus
from agents.models import Agent
from agents.status import refusal_of, set_status
from observability.rows import ask
from review import audit
from review.errors import AgentStopped
from review.escalation import FAILURES

PAUSED = "agent.paused"
MOVED = "agent.moved"
LONGEST_NOTE = 300
NOTHING_DONE = "Nothing was done."
NO_REASON = "Say in a few words why it is stopped: whoever opens its tickets reads it."
NOTE_TOO_LONG = f"A note has at most {LONGEST_NOTE} characters."

NEWS = """
SELECT asked.number, stopped.*
FROM (
    SELECT count(*) AS number FROM agents_promotion
    WHERE outcome = 'asked' AND jsonb_array_length(versions) = 1
        AND versions #>> '{0,0}' = 'prompt' AND asked_by_id <> %(user)s
) asked
LEFT JOIN (
    SELECT agent.slug, agent.name, agent.measure, agent.status_note, agent.status_changed_at,
        coalesce(nullif(trim(person.first_name || ' ' || person.last_name), ''),
            last.actor_name, '')
    FROM agents_agent agent
    LEFT JOIN LATERAL (
        SELECT actor_id, actor_name FROM review_auditentry
        WHERE subject = 'agent:' || agent.id AND action = %(paused)s
        ORDER BY id DESC LIMIT 1
    ) last ON true
    LEFT JOIN auth_user person ON person.id = last.actor_id
    WHERE agent.status = 'paused'
    ORDER BY agent.name
) stopped ON true
"""


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """An agent that is paused. by: a name, empty where nobody is known."""

    slug: str
    name: str
    measure: str
    note: str
    since: datetime | None
    by: str

    @property
    def drafts(self) -> bool:
        """Whether tickets come without a draft for it."""
        return self.measure == Agent.Measure.DRAFTS


@dataclass(frozen=True, kw_only=True)
class News:
    """What stands over pages. asked: changes to prompts that others ask a second person for."""

    stopped: Sequence[Stopped] = ()
    asked: int = 0


def news(user: User) -> News:
    """Return which agents are stopped, and what waits for a second person: one query."""
    rows = ask(NEWS, {"user": user.pk, "paused": PAUSED})
    names = ("slug", "name", "measure", "note", "since", "by")
    return News(
        asked=rows[0][0],
        stopped=[
            Stopped(**dict(zip(names, row[1:], strict=True))) for row in rows if row[1] is not None
        ],
    )


def refuse_if_stopped(agent_id: int) -> None:
    """Raise AgentStopped where the agent does not work in this environment."""
    if stopped := refusal_of(agent_id, settings.ENVIRONMENT):
        raise AgentStopped(f"{FAILURES[stopped.error_type]} {stopped} {NOTHING_DONE}")


@transaction.atomic
def change_status(agent_id: int, status: str, *, by: User | None, note: str) -> Agent:
    """Return the agent with its new status. A pause is heard by every process within a second.

    Raises CannotChangeStatus.
    """
    note = " ".join(note.replace("\x00", "").split())
    if status == Agent.Status.PAUSED and not note:
        raise CannotChangeStatus(NO_REASON)
    if len(note) > LONGEST_NOTE:
        raise CannotChangeStatus(NOTE_TOO_LONG)
    before, agent = set_status(agent_id, status, note)
    action = PAUSED if status == Agent.Status.PAUSED else MOVED
    audit.record(by, action, agent, was=before, now=status, note=note)
    return agent
