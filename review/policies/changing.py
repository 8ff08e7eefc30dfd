"""Changing a policy: its draft row by row, the draft into staging, and back again."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Literal

from django.contrib.auth.models import User
from django.db import transaction

from agents import versions
from agents.models import DRAFT, LIVE, STAGING, Agent, PolicyVersion
from agents.policies import default_rules, rules_of
from agents.rule_forms import LONGEST_ID, as_json, parsed
from agents.rules import Rule
from observability.payloads import digest
from review import audit
from review.errors import VersionGone
from review.policies.errors import NeedsANote, NoDraft, NothingToChange, NotStaged, RowChanged

# The address of a row that is not there yet, so no row's id.
NEW = "new"

Direction = Literal["up", "down"]
Change = Callable[[tuple[Rule, ...]], Sequence[Rule]]


def row_digest(rule: Rule) -> str:
    """Return what a form that shows the row remembers it by."""
    return digest(as_json(rule))


def save_rule(agent: Agent, rule: Rule, *, seen: str | None, note: str, by: User) -> PolicyVersion:
    """Put the row into the draft: in place of the one of its id, or as the last.

    seen: the digest of the row that was edited, None for a new one. Raises RowChanged.
    """

    def change(rules: tuple[Rule, ...]) -> Sequence[Rule]:
        known = {one.id: one for one in rules}
        if seen is None:
            return [*rules, rule]
        if rule.id not in known or row_digest(known[rule.id]) != seen:
            raise RowChanged
        return [rule if one.id == rule.id else one for one in rules]

    return _change_draft(agent, change, note=note, by=by)


def remove_rule(agent: Agent, rule_id: str, *, by: User) -> PolicyVersion:
    """Take the row out of the draft."""
    return _change_draft(
        agent,
        lambda rules: [one for one in rules if one.id != rule_id],
        note=f"Removed “{rule_id}”.",
        by=by,
    )


def move_rule(agent: Agent, rule_id: str, direction: Direction, *, by: User) -> PolicyVersion:
    """Move the row past the next one of its category in the draft."""

    def change(rules: tuple[Rule, ...]) -> Sequence[Rule]:
        row = next((one for one in rules if one.id == rule_id), None)
        if row is None:
            raise NothingToChange
        peers = [place for place, one in enumerate(rules) if one.category == row.category]
        here = peers.index(rules.index(row))
        there = here + (-1 if direction == "up" else 1)
        if not 0 <= there < len(peers):
            raise NothingToChange
        moved = list(rules)
        moved.insert(peers[there], moved.pop(peers[here]))
        return moved

    return _change_draft(agent, change, note=f"Moved “{rule_id}” {direction}.", by=by)


@transaction.atomic
def discard_draft(agent: Agent, *, by: User) -> PolicyVersion:
    """Make the draft what is in force again."""
    live = _rules(agent, LIVE)
    return _change_draft(agent, lambda _: live, note="Discarded the draft.", by=by)


@transaction.atomic
def stage(agent: Agent, *, seen: int | None, note: str, by: User) -> PolicyVersion:
    """Put the draft into staging, where shadow runs work with it.

    seen: the draft that was looked at. Raises NoDraft, VersionGone or NeedsANote.
    """
    draft = versions.in_force(PolicyVersion, DRAFT, agent_id=agent.pk)
    if draft is None or rules_of(agent, draft) == _rules(agent, LIVE):
        raise NoDraft
    if draft.pk != seen:
        raise VersionGone
    if not note.strip():
        raise NeedsANote
    before, after = versions.copy_to(draft, STAGING, reason=note.strip(), by=by)
    _record(by, "policy.staged", before, after, agent)
    return after


@transaction.atomic
def unstage(agent: Agent, *, by: User) -> None:
    """Take the policy out of staging, so that live's counts there again. Raises NotStaged."""
    staged = versions.in_force(PolicyVersion, STAGING, agent_id=agent.pk)
    if staged is None or staged.environment != STAGING or not versions.withdraw(staged):
        raise NotStaged
    audit.record(by, "policy.unstaged", staged, before=digest(staged.rules), agent=agent.slug)


@transaction.atomic
def roll_back(agent: Agent, version: PolicyVersion | None, *, by: User) -> PolicyVersion:
    """Put an earlier version of live back into force; without one, what the agent came with.

    A draft that nobody was working on follows; one that differed stays. Raises NothingToChange.
    """
    was = _rules(agent, LIVE)
    rules = rules_of(agent, version)
    if rules == was:
        raise NothingToChange
    if version is not None:
        reason = f"Back to version {version.version}: {version.reason}"
        before, after = versions.copy_to(version, LIVE, reason=reason, by=by)
    else:
        before, after = versions.change(
            PolicyVersion,
            LIVE,
            {"agent_id": agent.pk},
            lambda _: {"rules": stored(default_rules(agent))},
            reason="Back to what the agent came with.",
            by=by,
        )
    _record(by, "policy.rolled_back", before, after, agent)
    draft = versions.in_force(PolicyVersion, DRAFT, agent_id=agent.pk)
    if draft is not None and rules_of(agent, draft) == was:
        discard_draft(agent, by=by)
    return after


def stored(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """Return the rules as a version holds them."""
    return [as_json(rule) for rule in rules]


def new_id(name: str, taken: Sequence[str]) -> str:
    """Return an id for a rule of this name that no other has."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: LONGEST_ID - 4].strip("_") or "rule"
    others = (f"{stem}_{number}" for number in range(2, len(taken) + 4))
    unusable = {*taken, NEW}
    return next(one for one in (stem, *others) if one not in unusable)


@transaction.atomic
def _change_draft(agent: Agent, change: Change, *, note: str, by: User) -> PolicyVersion:
    """Put the changed rules into the draft; where there is none it begins as what is in force."""
    if not note.strip():
        raise NeedsANote

    def content(before: PolicyVersion | None) -> dict[str, Any]:
        now = rules_of(agent, before) if before else _rules(agent, LIVE)
        rules = stored(change(now))
        if rules == stored(now):
            raise NothingToChange
        parsed(rules)  # raises for what could not be read again
        return {"rules": rules}

    before, after = versions.change(
        PolicyVersion, DRAFT, {"agent_id": agent.pk}, content, reason=note.strip(), by=by
    )
    _record(by, "policy.drafted", before, after, agent)
    return after


def _rules(agent: Agent, environment: str) -> tuple[Rule, ...]:
    return rules_of(agent, versions.in_force(PolicyVersion, environment, agent_id=agent.pk))


def _record(
    by: User, action: str, before: PolicyVersion | None, after: PolicyVersion, agent: Agent
) -> None:
    audit.record(
        by,
        action,
        after,
        before=digest(before.rules) if before else "",
        after=digest(after.rules),
        agent=agent.slug,
        version=after.version,
        why=after.reason,
    )
