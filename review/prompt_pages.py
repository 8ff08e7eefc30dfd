"""What the pages on prompts show: what is in force where, what waits, and how it came there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User

from agents.models import Agent, Promotion, PromptVersion, Step
from agents.models.versions import DRAFT, LIVE, STAGING
from agents.prompts import Prompt, shipped_prompt, tasks_of, variables_of
from observability.rows import ask
from review import changes, edits
from review.prompt_changes import PROMPT, hands_in

LOOKED_BACK = timedelta(days=7)
SHOWN_VERSIONS = 60
SHOWN_REQUESTS = 20
SHOWN_RUNS = 20
FILE = "file"
ENVIRONMENTS = (LIVE, STAGING, DRAFT)

CALLS = """
SELECT step.prompt_version, count(*)
FROM agents_step step JOIN agents_run run ON run.id = step.run_id
WHERE step.kind = 'model' AND step.finished_at >= %(since)s
    AND run.environment = %(environment)s AND run.shadow_of_id IS NULL
GROUP BY 1
"""


@dataclass(frozen=True, kw_only=True)
class Diff:
    """Two texts compared: whole, and each change between a few of the words around it."""

    segments: Sequence[edits.Segment]
    pieces: Sequence[changes.Piece]


@dataclass(frozen=True, kw_only=True)
class Held:
    """A text in an environment. row: the edited version, None where the file counts."""

    prompt: Prompt
    row: PromptVersion | None
    calls: int = 0


@dataclass(frozen=True, kw_only=True)
class Request:
    """A wish to put a text live. may_answer: whether the reader can be its second person."""

    promotion: Promotion
    version: PromptVersion
    is_stale: bool = False
    may_answer: bool = False


@dataclass(frozen=True, kw_only=True)
class PromptRow:
    """A task's prompt in the list. draft, staging: only where they differ from live."""

    agent: Agent
    task: str
    live: Held
    staging: PromptVersion | None
    draft: PromptVersion | None
    request: Request | None


@dataclass(frozen=True, kw_only=True)
class PromptPage:
    """One prompt. texts: what can be compared, by the word that names it in an address."""

    agent: Agent
    task: str
    shipped: Prompt | None
    live: Held
    staging: PromptVersion | None
    draft: PromptVersion | None
    request: Request | None
    answered: Sequence[Promotion]
    versions: Sequence["Listed"]
    variables: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def differs_on_staging(self) -> bool:
        """Whether staging has a text of its own."""
        return self.staging is not None and self.staging.text != self.live.prompt.text

    @property
    def draft_is_new(self) -> bool:
        """Whether the draft says something that neither staging nor live says."""
        return self.draft is not None and self.draft.text not in (
            self.live.prompt.text,
            self.staging.text if self.staging else "",
        )


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A version in the history. hash: of its text, by which calls name it."""

    row: PromptVersion
    hash: str
    calls: int


def prompt_rows(user: User, now: datetime) -> list[PromptRow]:
    """Return every agent's prompts, in four queries."""
    calls, asked = _calls(now), _open_requests()
    held: dict[tuple[int, str, str], PromptVersion] = {
        (row.agent_id, row.task, row.environment): row
        for row in PromptVersion.objects.filter(is_live=True).select_related(
            "created_by", "approved_by"
        )
    }
    edited = {(agent_id, task) for agent_id, task, _ in held}
    rows = []
    for agent in Agent.objects.order_by("name"):
        tasks = {*tasks_of(agent.slug), *(task for pk, task in edited if pk == agent.pk)}
        for task in sorted(tasks):
            live = _held(agent, task, held.get((agent.pk, task, LIVE)), calls)
            if live is None:
                continue
            staging = held.get((agent.pk, task, STAGING))
            draft = held.get((agent.pk, task, DRAFT))
            known = {live.prompt.text, staging.text if staging else ""}
            rows.append(
                PromptRow(
                    agent=agent,
                    task=task,
                    live=live,
                    staging=staging if staging and staging.text != live.prompt.text else None,
                    draft=draft if draft and draft.text not in known else None,
                    request=_request_for(asked, agent, task, staging, user),
                )
            )
    return rows


def prompt_page(agent: Agent, task: str, user: User, now: datetime) -> PromptPage | None:
    """Return what the prompt's page shows, None where the agent has no such task."""
    rows = sorted(
        # What is in force is among them, however old it is.
        PromptVersion.objects.filter(agent=agent, task=task)
        .select_related("created_by", "approved_by")
        .order_by("-is_live", "-pk")[:SHOWN_VERSIONS],
        key=lambda row: -row.pk,
    )
    held = {row.environment: row for row in rows if row.is_live}
    calls = _calls(now)
    live = _held(agent, task, held.get(LIVE), calls)
    if live is None:
        return None
    shipped = shipped_prompt(agent.slug, task)
    staging = held.get(STAGING)
    return PromptPage(
        agent=agent,
        task=task,
        shipped=shipped,
        live=live,
        staging=staging,
        draft=held.get(DRAFT),
        request=_request_for(_open_requests(), agent, task, staging, user),
        answered=_answered(rows),
        versions=[_listed(agent, row, calls) for row in rows],
        variables=variables_of(task),
        texts={
            **({FILE: shipped.text} if shipped else {}),
            **{str(row.pk): row.text for row in rows},
        },
    )


def calls_of(version: str) -> list[Step]:
    """Return the newest model calls that used the version of a prompt."""
    calls = Step.objects.filter(prompt_version=version, kind=Step.Kind.MODEL)
    return list(calls.select_related("run").order_by("-pk")[:SHOWN_RUNS])


def comparison(one: str, other: str) -> Diff:
    """Return a word diff of two prompts' texts."""
    segments = edits.compare(one, other).segments
    return Diff(segments=segments, pieces=changes.pieces(segments))


def rendered(agent: Agent, task: str, text: str) -> str:
    """Return the prompt as a model would read it, with the company's values.

    The text must be free of faults.
    """
    values = {name: f"[{what}]" for name, what in variables_of(task).items()}
    values["company"] = agent.company.get("name", "the company")
    values["support_name"] = agent.company.get("support_name", "the support team")
    return Prompt.edited(agent.slug, task, text).render(**values)


def _held(
    agent: Agent, task: str, row: PromptVersion | None, calls: Mapping[str, int]
) -> Held | None:
    prompt = Prompt.edited(agent.slug, task, row.text) if row else shipped_prompt(agent.slug, task)
    return Held(prompt=prompt, row=row, calls=calls.get(prompt.version, 0)) if prompt else None


def _calls(now: datetime) -> dict[str, int]:
    since = now - LOOKED_BACK
    return {
        str(version): int(number)
        for version, number in ask(CALLS, {"since": since, "environment": settings.ENVIRONMENT})
    }


def _listed(agent: Agent, row: PromptVersion, calls: Mapping[str, int]) -> Listed:
    prompt = Prompt.edited(agent.slug, row.task, row.text)
    counted = calls.get(prompt.version, 0) if row.environment == LIVE else 0
    return Listed(row=row, hash=prompt.short, calls=counted)


def _open_requests() -> list[Request]:
    """Return the unanswered requests of a prompt each, in two queries at most."""
    asked = [
        promotion
        for promotion in Promotion.objects.filter(
            outcome=Promotion.Outcome.ASKED, environment=LIVE
        ).select_related("asked_by")
        if len(promotion.versions) == 1 and promotion.versions[0][0] == PROMPT
    ]
    found = PromptVersion.objects.select_related("created_by").in_bulk(
        [promotion.versions[0][1] for promotion in asked]
    )
    return [
        Request(promotion=promotion, version=found[promotion.versions[0][1]])
        for promotion in asked
        if promotion.versions[0][1] in found
    ]


def _request_for(
    asked: Sequence[Request],
    agent: Agent,
    task: str,
    staging: PromptVersion | None,
    user: User,
) -> Request | None:
    for request in asked:
        version = request.version
        if (version.agent_id, version.task) != (agent.pk, task):
            continue
        is_stale = staging is None or staging.pk != version.pk
        may = user.has_perm("review.approve_change")
        may = may and user.pk not in hands_in(request.promotion, version)
        return Request(
            promotion=request.promotion, version=version, is_stale=is_stale, may_answer=may
        )
    return None


def _answered(rows: Sequence[PromptVersion]) -> list[Promotion]:
    """Return the newest answered requests of these versions."""
    named = [[[PROMPT, row.pk]] for row in rows if row.environment == STAGING]
    if not named:
        return []
    return list(
        Promotion.objects.filter(versions__in=named)
        .exclude(outcome=Promotion.Outcome.ASKED)
        .select_related("asked_by", "decided_by")[:SHOWN_REQUESTS]
    )
