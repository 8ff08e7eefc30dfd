"""Changing prompts: a draft, staging, and live with a second person. Each is on the record."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from agents import prompt_check
from agents.models import Agent, Promotion, PromptVersion
from agents.models.versions import DRAFT, LIVE, STAGING
from agents.prompts import shipped_prompt, variables_of
from agents.versions import change, copy_to, prompt_in_force, withdraw
from observability.payloads import digest
from review import audit
from review.errors import (
    AlreadyAsked,
    DraftChanged,
    LiveTextChanged,
    NoteMissing,
    NothingToChange,
    NotTheSecondPerson,
    RequestAnswered,
    StagedTextChanged,
    UnfitPrompt,
    UnsurePrompt,
    VersionGone,
)

LONGEST_NOTE = 500
PROMPT = "prompt"
REPLACED = "A newer text was asked for."


def one_form(text: str) -> str:
    """Return the text as it is kept: with plain line ends and one at its end, as files have it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip() + "\n"


def faults_of(agent: str, task: str, text: str) -> list[str]:
    """Return why the text cannot be the task's prompt, a sentence each."""
    shipped = shipped_prompt(agent, task)
    required = prompt_check.variables_in(shipped.text) if shipped else ()
    return prompt_check.faults(text, known=variables_of(task), required=required)


@transaction.atomic
def save_draft(
    agent: Agent,
    task: str,
    text: str,
    *,
    note: str,
    by: User,
    based_on: int | None,
    is_sure: bool = False,
) -> PromptVersion:
    """Return the draft with this text. based_on: the draft its writer had before them.

    is_sure: whether its doubts were confirmed. Raises UnfitPrompt, UnsurePrompt, NoteMissing,
    DraftChanged or NothingToChange.
    """
    text = one_form(text)
    _refuse_unfit(agent, task, text)
    if (doubts := prompt_check.doubts(text)) and not is_sure:
        raise UnsurePrompt(" ".join(doubts))
    note = _note(note)

    def said(before: PromptVersion | None) -> dict[str, str]:
        if (before.pk if before else None) != based_on:
            raise DraftChanged
        if before and before.text == text:
            raise NothingToChange
        return {"text": text}

    key = {"agent_id": agent.pk, "task": task}
    before, after = change(PromptVersion, DRAFT, key, said, reason=note, by=by)
    _record(by, "prompt.drafted", after, before=before, after=after)
    return after


@transaction.atomic
def stage(draft: PromptVersion, *, note: str, by: User) -> PromptVersion:
    """Return the version on staging that says what the draft says.

    Raises NoteMissing, UnfitPrompt, VersionGone or NothingToChange.
    """
    note = _note(note)
    if not _is_in_force(draft, DRAFT):
        raise VersionGone
    _refuse_unfit(draft.agent, draft.task, draft.text)
    if prompt_in_force(draft.agent.slug, draft.task, STAGING).text == draft.text:
        raise NothingToChange
    before, after = copy_to(draft, STAGING, reason=note, by=by)
    _record(by, "prompt.staged", after, before=before, after=after)
    return after


@transaction.atomic
def unstage(version: PromptVersion, *, by: User) -> None:
    """Take the version off staging, and back what asks to put it live. Raises VersionGone."""
    for asked in open_requests(version.pk).select_for_update():
        _end(asked, Promotion.Outcome.WITHDRAWN, by, "It was taken off staging.")
    if version.environment != STAGING or not withdraw(version):
        raise VersionGone
    _record(by, "prompt.unstaged", version, before=version, after=None)


@transaction.atomic
def ask_for_live(version: PromptVersion, *, note: str, by: User) -> Promotion:
    """Return the request to put what is on staging live, which a second person answers.

    An older one, of a text that is not on staging any more, is taken back. Raises NoteMissing,
    VersionGone, NothingToChange or AlreadyAsked.
    """
    note = _note(note)
    # Whoever else asks for the same prompt waits here, and then finds this request.
    agent = Agent.objects.select_for_update().get(pk=version.agent_id)
    if not _is_in_force(version, STAGING):
        raise VersionGone
    if prompt_in_force(agent.slug, version.task, LIVE).text == version.text:
        raise NothingToChange
    for asked in open_requests(*_versions_of(version)).select_for_update():
        if [PROMPT, version.pk] in asked.versions:
            raise AlreadyAsked
        _end(asked, Promotion.Outcome.WITHDRAWN, by, REPLACED)
    promotion = Promotion.objects.create(
        versions=[[PROMPT, version.pk]], environment=LIVE, note=note, asked_by=by
    )
    audit.record(
        by, "prompt.asked", promotion, after=digest(version.text), version=version.pk, note=note
    )
    return promotion


@transaction.atomic
def approve(promotion_id: int, *, by: User, said: str, seen_live: str) -> PromptVersion:
    """Return the version that is live from now on, put there by its second person.

    seen_live: the version in force that they compared it with. Raises RequestAnswered,
    NotTheSecondPerson, StagedTextChanged, LiveTextChanged or UnfitPrompt.
    """
    promotion, version = _asked(promotion_id)
    if by.pk in hands_in(promotion, version):
        raise NotTheSecondPerson
    if not _is_in_force(version, STAGING):
        raise StagedTextChanged
    if prompt_in_force(version.agent.slug, version.task, LIVE).short != seen_live:
        raise LiveTextChanged
    _refuse_unfit(version.agent, version.task, version.text)
    before, after = copy_to(
        version, LIVE, reason=promotion.note, by=promotion.asked_by, approved_by=by
    )
    withdraw(version)  # staging holds only what differs from live
    _end(promotion, Promotion.Outcome.DONE, by, said)
    _record(by, "prompt.approved", after, before=before, after=after, said=promotion.said)
    return after


@transaction.atomic
def refuse(promotion_id: int, *, by: User, said: str) -> Promotion:
    """Return the request, refused with a word why. Raises RequestAnswered or NoteMissing.

    The text stays on staging.
    """
    said = _note(said)
    promotion, version = _asked(promotion_id)
    if by.pk in hands_in(promotion, version):
        raise NotTheSecondPerson
    _end(promotion, Promotion.Outcome.REFUSED, by, said)
    audit.record(by, "prompt.refused", promotion, version=version.pk, said=said)
    return promotion


@transaction.atomic
def take_back(promotion_id: int, *, by: User) -> Promotion:
    """Return the request, taken back. Raises RequestAnswered."""
    promotion, version = _asked(promotion_id)
    _end(promotion, Promotion.Outcome.WITHDRAWN, by, "")
    audit.record(by, "prompt.taken_back", promotion, version=version.pk)
    return promotion


@transaction.atomic
def put_back(version: PromptVersion, *, by: User) -> PromptVersion:
    """Return a new live version that says what an earlier live one said.

    It needs no second person: it had one. Raises NothingToChange or UnfitPrompt.
    """
    _refuse_unfit(version.agent, version.task, version.text)
    if prompt_in_force(version.agent.slug, version.task, LIVE).text == version.text:
        raise NothingToChange
    reason = f"Back to version {version.version}: {version.reason}"
    before, after = copy_to(version, LIVE, reason=reason[:2000], by=by)
    _record(by, "prompt.put_back", after, before=before, after=after)
    return after


@transaction.atomic
def use_file(version: PromptVersion, *, by: User) -> None:
    """Take the live version out of force, so that the file of the release counts again.

    Raises VersionGone.
    """
    has_file = shipped_prompt(version.agent.slug, version.task) is not None
    if version.environment != LIVE or not has_file or not withdraw(version):
        raise VersionGone
    _record(by, "prompt.file_used", version, before=version, after=None)


def hands_in(promotion: Promotion, version: PromptVersion) -> set[int]:
    """Return the ids of those who asked for the text or wrote it: none of them is the second."""
    writers = PromptVersion.objects.filter(
        agent=version.agent_id,
        task=version.task,
        text=version.text,
        environment__in=[DRAFT, STAGING],
    )
    wrote = writers.exclude(created_by=None).values_list("created_by_id", flat=True)
    return {promotion.asked_by_id, *(pk for pk in wrote if pk is not None)}


def open_requests(*version_ids: int) -> "QuerySet[Promotion]":
    """Return the unanswered requests to put one of these versions live."""
    named = [[[PROMPT, pk]] for pk in version_ids]
    return Promotion.objects.filter(
        outcome=Promotion.Outcome.ASKED, environment=LIVE, versions__in=named
    )


def _asked(promotion_id: int) -> tuple[Promotion, PromptVersion]:
    """Return the unanswered request, locked, and the version it is for."""
    promotion = (
        Promotion.objects.select_for_update(of=("self",))
        .select_related("asked_by")
        .get(pk=promotion_id)
    )
    if promotion.outcome != Promotion.Outcome.ASKED:
        raise RequestAnswered
    (_, version_id) = promotion.versions[0]
    return promotion, PromptVersion.objects.select_related("agent").get(pk=version_id)


def _end(promotion: Promotion, outcome: str, by: User, said: str) -> None:
    promotion.outcome = outcome
    promotion.decided_by = by
    promotion.decided_at = timezone.now()
    promotion.said = " ".join(said.replace("\x00", "").split())[:LONGEST_NOTE]
    promotion.save(update_fields=["outcome", "decided_by", "decided_at", "said"])


def _versions_of(version: PromptVersion) -> Sequence[int]:
    return list(
        PromptVersion.objects.filter(
            agent=version.agent_id, task=version.task, environment=STAGING
        ).values_list("pk", flat=True)
    )


def _is_in_force(version: PromptVersion, environment: str) -> bool:
    return PromptVersion.objects.filter(
        pk=version.pk, environment=environment, is_live=True
    ).exists()


def _refuse_unfit(agent: Agent, task: str, text: str) -> None:
    if found := faults_of(agent.slug, task, text):
        raise UnfitPrompt(" ".join(found))


def _note(note: str) -> str:
    note = " ".join(note.replace("\x00", "").split())
    if not note:
        raise NoteMissing
    return note[:LONGEST_NOTE]


def _record(
    by: User,
    action: str,
    subject: PromptVersion,
    *,
    before: PromptVersion | None,
    after: PromptVersion | None,
    **detail: str,
) -> None:
    audit.record(
        by,
        action,
        subject,
        before=digest(before.text) if before else "",
        after=digest(after.text) if after else "",
        agent=subject.agent.slug,
        task=subject.task,
        version=subject.version,
        note=subject.reason,
        **detail,
    )
