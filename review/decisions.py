"""Countersigning: one transaction stores all that a verdict means, or nothing.

Deciding goes in three steps: a locked read of what was seen, a pure judgement of the answers, and
the writes.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from agents.evals.labels import GroundTruth, give_label, rows_of
from agents.evals.models import OUT_OF_SCOPE, Label
from agents.models import Category, Run
from observability.payloads import digest
from observability.rows import insert, tell
from review import attachments, audit, signatures
from review.actions import LONGEST_REPLY, Answer, Judged, acting, judge, mark
from review.carrying_over import require_looked_at
from review.corrections import NOTHING_CORRECTED, Corrections, differing, give
from review.errors import AnswerMissing, UnknownCategory
from review.items import drafted, drop_claim, keep_answers, proposed_actions
from review.models import (
    Assessment,
    Delivery,
    ReviewItem,
    ReviewPayload,
    Ticket,
    Verdict,
    VerdictKind,
)
from review.outcomes import channel_of, channel_to_agent
from review.pauses import hold_to_rules
from review.second_person import First, ruling
from review.seen import Beside, Seen, lock_with
from review.sorting import sorted_by

# What was written on an item and what was carried to it end with its verdict.
CLOSE = """
WITH ticket AS (UPDATE review_ticket SET status = %s, category = %s WHERE id = %s),
    working AS (DELETE FROM review_workingtext WHERE item_id = %s),
    carried AS (DELETE FROM review_carriedtext WHERE item_id = %s)
UPDATE review_reviewitem SET status = 'decided', decided_at = %s,
    claimed_by_id = NULL, claim_token = NULL, claim_expires_at = NULL, claimed_at = NULL
WHERE id = %s
"""

__all__ = ["LONGEST_REPLY", "Seen", "decide", "first_word", "reject", "send"]


def send(
    item_id: int,
    reviewer: User,
    seen: Seen,
    *,
    text: str,
    category: str = "",
    corrections: Corrections = NOTHING_CORRECTED,
) -> Verdict | None:
    """Return the verdict that sends `text`: approve when it is the draft itself, else edit.

    None when a second person must countersign it first. category: what the reviewer says the
    ticket is about; empty leaves that unsaid. Raises as `decide` does.
    """
    said = replace(corrections, category=category or corrections.category)
    answers = [Answer(said="go", final=text)]
    verdicts = decide(item_id, reviewer, seen, answers, corrections=said)
    return verdicts[0] if verdicts else None


@transaction.atomic
def reject(
    item_id: int,
    reviewer: User,
    seen: Seen,
    *,
    reason: str = "",
    category: str = "",
    corrections: Corrections = NOTHING_CORRECTED,
) -> Verdict:
    """Return the (first) verdict that refuses all that is proposed: nothing is sent or done.

    Raises as `decide` does.
    """
    item, beside = lock_with(item_id, reviewer, seen)
    refusals = [Answer(said="reject", words=reason) for _ in proposed_actions(item)]
    said = replace(corrections, category=category or corrections.category)
    return _carry_out(item, beside, reviewer, refusals, said)[0]


def decide(
    item_id: int,
    reviewer: User,
    seen: Seen,
    answers: Sequence[Answer],
    *,
    corrections: Corrections = NOTHING_CORRECTED,
) -> list[Verdict]:
    """Return the verdicts, one an action; none while a second person must say the same first.

    Raises as `decide_on` does.
    """
    return decide_on(item_id, reviewer, seen, lambda item: answers, corrections=corrections)[1]


@transaction.atomic
def decide_on(
    item_id: int,
    reviewer: User,
    seen: Seen,
    answers: Callable[[ReviewItem], Sequence[Answer]],
    *,
    corrections: Corrections = NOTHING_CORRECTED,
) -> tuple[ReviewItem, list[Verdict]]:
    """Return the item and what `decide` does. answers: what is said of the item, once it is read.

    Raises AnswerMissing, UnknownCategory, UnknownQueue, NotTheSecond, and what `seen.lock` and
    `actions.judge` raise.
    """
    item, beside = lock_with(item_id, reviewer, seen)
    return item, _carry_out(item, beside, reviewer, answers(item), corrections)


def first_word(item: ReviewItem) -> Sequence[Assessment]:
    """Return what one person countersigned and a second must, an assessment an action; or none."""
    if not item.needs_second:
        return ()
    given = item.assessments.filter(revision=item.revision).select_related("reviewer", "text")
    latest: dict[int, Assessment] = {one.action: one for one in given.order_by("pk")}
    return tuple(latest[action] for action in sorted(latest))


def _carry_out(
    item: ReviewItem,
    beside: Beside,
    reviewer: User,
    answers: Sequence[Answer],
    corrections: Corrections,
) -> list[Verdict]:
    actions = proposed_actions(item)
    if len(answers) != len(actions):
        raise AnswerMissing
    judged = [judge(action, answer) for action, answer in zip(actions, answers, strict=True)]
    if item.is_correction:
        judged = [replace(one, succeeded=_first_reply_succeeded(item)) for one in judged]
    if acting(judged):
        require_looked_at(item)
        if item.step_key and item.kind == ReviewItem.Kind.TOOL_CALL and judged[0].kind == "edit":
            hold_to_rules(item, judged[0].final)
    earlier, digests = first_word(item), _bound(item, judged)
    decision = ruling(
        needs_second=item.needs_second,
        acts=acting(judged),
        reviewer=reviewer.pk,
        marks=[mark(one.kind, bound) for one, bound in zip(judged, digests, strict=True)],
        first=First(
            reviewer=earlier[0].reviewer_id, marks=[mark(one.kind, one.digest) for one in earlier]
        )
        if earlier
        else None,
    )
    _require_known(item, corrections.category)
    assessments = _assess(item, reviewer, judged, digests, corrections.category)
    if decision == "wait":
        insert(*_texts(assessments), *assessments)
        _wait_for_a_second(item, reviewer, judged, corrections)
        return []
    return _settle(item, beside, reviewer, judged, assessments, corrections)


def _first_reply_succeeded(item: ReviewItem) -> bool | None:
    """Return what a correction says of the draft: that it was no success, where there was one."""
    return False if drafted(item.proposal) else None


def _require_known(item: ReviewItem, category: str) -> None:
    if category and category != OUT_OF_SCOPE:
        known = Category.objects.filter(agent=sorted_by(item.run), slug=category).exists()
        if not known:
            raise UnknownCategory


def _bound(item: ReviewItem, judged: Sequence[Judged]) -> list[str]:
    """Return the digest of what each answer would do, the files of a reply for two people too."""
    digests = [one.final_digest for one in judged]
    if item.needs_second and item.kind == ReviewItem.Kind.DRAFT and judged[0].acts:
        files = attachments.laid_ready(item).order_by("sha256").values_list("sha256", flat=True)
        digests[0] = digest([digests[0], *files]) if files else digests[0]
    return digests


def _assess(
    item: ReviewItem,
    reviewer: User,
    judged: Sequence[Judged],
    digests: Sequence[str],
    category: str,
) -> list[Assessment]:
    """Return what the reviewer said of each action, still to be written."""
    held = timezone.now() - item.claimed_at if item.claimed_at else None
    return [
        Assessment(
            item=item,
            revision=item.revision,
            action=action,
            reviewer=reviewer,
            kind=one.kind,
            text=ReviewPayload(content=one.final) if one.final is not None else None,
            digest=digests[action],
            category=category,
            reason=one.reason,
            # Of the item, so it is told once.
            handled_ms=int(held.total_seconds() * 1000) if held and not action else None,
        )
        for action, one in enumerate(judged)
    ]


def _wait_for_a_second(
    item: ReviewItem, reviewer: User, judged: Sequence[Judged], corrections: Corrections
) -> None:
    """Free the item for anyone else, who finds what the first one would have sent or done."""
    finals = [one.final for one in judged]
    keep_answers(item, reviewer, finals, differing(item, corrections))
    audit.record(
        reviewer,
        "item.countersigned_first",
        item,
        before=item.digest,
        after=judged[0].final_digest,
        revision=item.revision,
    )
    drop_claim(item)
    item.assigned_to = None
    item.save()


def _settle(
    item: ReviewItem,
    beside: Beside,
    reviewer: User,
    judged: Sequence[Judged],
    assessments: Sequence[Assessment],
    corrections: Corrections,
) -> list[Verdict]:
    """Write all that was decided with its labels, audit rows and deliveries; close the item."""
    is_draft = item.kind == ReviewItem.Kind.DRAFT
    is_answered = is_draft and judged[0].acts
    verdicts = [
        _verdict(item, reviewer, one, assessment, beside.signature)
        for one, assessment in zip(judged, assessments, strict=True)
    ]
    reply = verdicts[0] if is_answered else None
    deliveries = _deliveries(item, reply, [one for one in verdicts if one is not reply])
    insert(*_texts(assessments, verdicts), *assessments, *verdicts, *deliveries)
    files = attachments.bind(reply) if reply and beside.has_files else []
    entries = [
        audit.entry(
            reviewer,
            f"verdict.{verdict.kind}",
            item,
            before=item.digest,
            after=verdict.final_digest,
            verdict=verdict.pk,
            revision=item.revision,
            edit_operations=verdict.edit_operations,
            **({"files": files} if files and verdict is reply else {}),
        )
        for verdict in verdicts
    ]
    insert(*entries, *(_draft_label(item, verdicts[0], beside.label) if is_draft else ()))
    if is_draft:
        _label_corrections(item, verdicts[0], corrections)
        item.ticket.status = Ticket.Status.ANSWERED if is_answered else Ticket.Status.CLOSED
        item.ticket.category = corrections.category or item.ticket.category
    _close(item)
    return verdicts


def _close(item: ReviewItem) -> None:
    """Write the end of the item and the state of its ticket."""
    item.status = ReviewItem.Status.DECIDED
    item.decided_at = timezone.now()
    drop_claim(item)
    values = [item.ticket.status, item.ticket.category, item.ticket.pk, item.pk, item.pk]
    tell(CLOSE, [*values, item.decided_at, item.pk])


def _texts(
    assessments: Sequence[Assessment], verdicts: Sequence[Verdict] = ()
) -> list[ReviewPayload]:
    """Return the texts they refer to that are still to be written, each once."""
    texts = [one.text for one in assessments] + [one.final for one in verdicts]
    return list({id(text): text for text in texts if text is not None}.values())


def _verdict(
    item: ReviewItem, reviewer: User, one: Judged, assessment: Assessment, signature: str
) -> Verdict:
    final = assessment.text
    if one.acts and item.kind == ReviewItem.Kind.DRAFT and not assessment.action:
        leaving = signatures.signed(one.final, signature)
        final = ReviewPayload(content=leaving) if leaving != one.final else final
    return Verdict(
        item=item,
        revision=item.revision,
        action=assessment.action,
        kind=VerdictKind(one.kind),
        assessment=assessment,
        reviewer=reviewer,
        proposed=item.proposal,
        proposed_digest=item.digest,
        final=final,
        final_digest=digest(final.content) if final else "",
        edit_operations=one.edit_operations,
        words_kept_ratio=one.words_kept_ratio,
        succeeded=one.succeeded,
        reason=one.reason,
    )


def _draft_label(item: ReviewItem, verdict: Verdict, corrects: int | None) -> Sequence[Model]:
    """Return the rows of what the verdict says of the draft.

    A correction was not written from the draft, and is no first reply to learn from.
    """
    said = None if item.is_correction else verdict.assessment.text
    truth = GroundTruth(
        run=item.run,
        task=Label.Task.DRAFT,
        expected=said.content if said else None,
        verdict=verdict.kind,
        given_by=verdict.reviewer,
        edit_operations=None if item.is_correction else verdict.edit_operations,
        words_kept_ratio=None if item.is_correction else verdict.words_kept_ratio,
        succeeded=verdict.succeeded,
    )
    expected, label = rows_of(truth, corrects=corrects)
    return [*expected, label]


def _label_corrections(item: ReviewItem, verdict: Verdict, corrections: Corrections) -> None:
    # The list stands on the agent's own guess: left there, it is no statement of the reviewer's.
    category = corrections.category
    if category and category != item.category:
        give_label(
            GroundTruth(
                run=item.run,
                task=Label.Task.CLASSIFY,
                expected=category,
                verdict=verdict.kind,
                given_by=verdict.reviewer,
            )
        )
    give(verdict, item, corrections)


def _deliveries(
    item: ReviewItem, reply: Verdict | None, others: Sequence[Verdict]
) -> list[Delivery]:
    """Return what goes to the outbox: the reply, and to an agent that waits word of the rest."""
    due_at = timezone.now() + timedelta(seconds=settings.UNDO_WINDOW_S)
    common: dict[str, Any] = {"ticket": item.ticket, "due_at": due_at}
    found = []
    if reply is not None:
        found.append(Delivery(verdict=reply, channel=channel_of(item.ticket), **common))
    if others and (item.step_key or item.run.status == Run.Status.WAITING):
        found.append(
            Delivery(
                verdict=others[0],
                kind=Delivery.Kind.VERDICT,
                channel=channel_to_agent(item),
                **common,
            )
        )
    return found
