"""What a verdict stores, and what stands against one."""

import uuid
from datetime import timedelta
from unittest.mock import ANY

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from agents.evals.models import Label
from review import claims, decisions, errors, undoing
from review.decisions import Seen
from review.intake import NewMessage, add_message
from review.models import AuditEntry, Delivery, ReviewItem, Ticket, Verdict
from tests.builders import DRAFT, make_item, make_result

pytestmark = pytest.mark.django_db


def claimed(item: ReviewItem, user: User) -> Seen:
    item = claims.claim(item, user)
    assert item.claim_token is not None
    return Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


def nothing_was_stored() -> bool:
    return not (Verdict.objects.exists() or Label.objects.exists() or Delivery.objects.exists())


def test_an_unedited_draft_is_an_approval_with_no_edits(ada: User) -> None:
    item = make_item()
    verdict = decisions.send(item.pk, ada, claimed(item, ada), text=DRAFT)
    assert verdict is not None
    assert (verdict.kind, verdict.edit_operations, verdict.succeeded) == ("approve", 0, True)


def test_sending_stores_verdict_labels_audit_and_outbox_together(ada: User) -> None:
    item = make_item()
    text = DRAFT.replace("tomorrow", "today").replace("Friday", "Thursday")
    verdict = decisions.send(item.pk, ada, claimed(item, ada), text=text, category="invoice")
    assert verdict is not None
    assert (verdict.kind, verdict.edit_operations, verdict.reviewer) == ("edit", 2, ada)
    assert verdict.proposed_digest == item.digest
    draft_label = Label.objects.get(task="draft")
    assert (draft_label.edit_operations, draft_label.given_by) == (2, ada)
    assert draft_label.expected is not None
    assert draft_label.expected.content == text
    category_label = Label.objects.get(task="classify")
    assert category_label.expected is not None
    assert category_label.expected.content == "invoice"
    audit = AuditEntry.objects.get(action="verdict.edit")
    assert (audit.actor, audit.subject, audit.before) == (ada, f"reviewitem:{item.pk}", item.digest)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.channel) == ("due", "record")
    assert delivery.due_at > timezone.now() + timedelta(seconds=5)
    item.refresh_from_db()
    assert (item.status, item.claimed_by) == ("decided", None)
    assert item.ticket.category == "invoice"


def test_rejecting_sends_nothing_and_closes_the_ticket(ada: User) -> None:
    item = make_item()
    verdict = decisions.reject(item.pk, ada, claimed(item, ada), reason="Spam")
    assert (verdict.kind, verdict.final, verdict.succeeded) == ("reject", None, False)
    assert not Delivery.objects.exists()
    assert Ticket.objects.get().status == "closed"
    assert Label.objects.get().succeeded is False


def test_a_reply_written_without_a_draft_counts_neither_way(ada: User) -> None:
    item = make_item(make_result(proposal=None, no_draft_reason="No past reply fits."))
    verdict = decisions.send(item.pk, ada, claimed(item, ada), text="Hello, we look into it.")
    assert verdict is not None
    assert verdict.succeeded is None


@pytest.mark.parametrize("text", ["", "  \r\n ", "\t"])
def test_an_empty_reply_is_refused(ada: User, text: str) -> None:
    item = make_item()
    with pytest.raises(errors.EmptyReply):
        decisions.send(item.pk, ada, claimed(item, ada), text=text)


def test_an_expired_claim_changes_nothing(ada: User) -> None:
    item = make_item()
    seen = claimed(item, ada)
    ReviewItem.objects.update(claim_expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(errors.ClaimLost, match="nothing was saved"):
        decisions.send(item.pk, ada, seen, text=DRAFT)
    assert nothing_was_stored()
    item.refresh_from_db()
    assert item.status == "open"


def test_an_old_token_is_fenced_off_by_a_newer_claim(ada: User, grace: User) -> None:
    item = make_item()
    old = claimed(item, ada)
    ReviewItem.objects.update(claim_expires_at=timezone.now() - timedelta(seconds=1))
    new = claimed(item, grace)
    with pytest.raises(errors.ClaimLost):
        decisions.send(item.pk, ada, old, text=DRAFT)
    verdict = decisions.send(item.pk, grace, new, text=DRAFT)
    assert verdict is not None
    assert verdict.reviewer == grace


def test_a_token_that_was_never_given_is_refused(ada: User) -> None:
    item = make_item()
    seen = claimed(item, ada)
    forged = Seen(claim_token=uuid.uuid4(), revision=seen.revision, digest=seen.digest)
    with pytest.raises(errors.ClaimLost):
        decisions.send(item.pk, ada, forged, text=DRAFT)


@pytest.mark.parametrize(("revision", "digest"), [(2, ANY), (1, "0" * 64)])
def test_a_verdict_binds_what_was_read(ada: User, revision: int, digest: object) -> None:
    item = make_item()
    seen = claimed(item, ada)
    given = seen.digest if digest is ANY else str(digest)
    other = Seen(claim_token=seen.claim_token, revision=revision, digest=given)
    with pytest.raises(errors.ProposalChanged):
        decisions.send(item.pk, ada, other, text=DRAFT)
    assert nothing_was_stored()


def test_a_second_message_supersedes_the_draft_and_blocks_sending_it(ada: User) -> None:
    item = make_item()
    seen = claimed(item, ada)
    accepted = add_message(item.ticket_id, NewMessage(body="Never mind, it came."))
    item.refresh_from_db()
    assert item.status == "superseded"
    assert accepted.run is not None
    with pytest.raises(errors.Superseded, match="newer message"):
        decisions.send(item.pk, ada, seen, text=DRAFT)
    assert nothing_was_stored()


def test_a_second_message_stops_a_reply_that_has_not_left(ada: User) -> None:
    item = make_item()
    decisions.send(item.pk, ada, claimed(item, ada), text=DRAFT)
    add_message(item.ticket_id, NewMessage(body="One more thing."))
    assert Delivery.objects.get().state == "undone"


def test_deciding_twice_is_refused(ada: User) -> None:
    item = make_item()
    seen = claimed(item, ada)
    decisions.send(item.pk, ada, seen, text=DRAFT)
    with pytest.raises(errors.AlreadyDecided):
        decisions.reject(item.pk, ada, seen)


def test_undo_opens_the_next_revision_and_its_label_corrects_the_first(ada: User) -> None:
    item = make_item()
    first = decisions.send(item.pk, ada, claimed(item, ada), text=DRAFT)
    assert first is not None
    item = undoing.undo(first.pk, ada)
    assert (item.status, item.revision, item.claimed_by) == ("open", 2, ada)
    assert Delivery.objects.get().state == "undone"
    decisions.send(item.pk, ada, claimed(item, ada), text=DRAFT + " Bye")
    labels = list(Label.objects.filter(task="draft").order_by("pk"))
    assert [label.corrects for label in labels] == [None, labels[0], labels[1]]
    assert [(label.verdict, label.succeeded) for label in labels] == [
        ("approve", True),
        ("undone", None),
        ("edit", True),
    ]


def test_a_reply_that_left_cannot_be_undone(ada: User) -> None:
    item = make_item()
    verdict = decisions.send(item.pk, ada, claimed(item, ada), text=DRAFT)
    assert verdict is not None
    Delivery.objects.update(state="sent", sent_at=timezone.now())
    with pytest.raises(errors.TooLateToUndo):
        undoing.undo(verdict.pk, ada)


def test_a_rejection_is_undone_within_its_window_and_teaches_nothing(ada: User) -> None:
    item = make_item()
    verdict = decisions.reject(item.pk, ada, claimed(item, ada), reason="Spam", category="invoice")
    assert [one.verdict for one in undoing.undoable(ada, timezone.now())] == [verdict]
    item = undoing.undo(verdict.pk, ada)
    assert (item.status, item.ticket.status, item.working.text) == ("open", "open", DRAFT)
    assert undoing.undoable(ada, timezone.now()) == []
    newest = Label.objects.filter(label__isnull=True)
    assert {(label.task, label.expected, label.succeeded) for label in newest} == {
        ("draft", None, None),
        ("classify", None, None),
    }


def test_after_its_window_a_rejection_stays(ada: User) -> None:
    item = make_item()
    with time_machine.travel(timezone.now() - timedelta(minutes=1)):
        verdict = decisions.reject(item.pk, ada, claimed(item, ada))
    with pytest.raises(errors.TooLateToUndo):
        undoing.undo(verdict.pk, ada)


def test_an_undone_edit_comes_back_with_its_text(ada: User) -> None:
    item = make_item()
    verdict = decisions.send(item.pk, ada, claimed(item, ada), text="Hello, another text.")
    assert verdict is not None
    assert undoing.undo(verdict.pk, ada).working.text == "Hello, another text."
