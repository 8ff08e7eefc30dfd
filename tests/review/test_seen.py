"""The locked read of a verdict: whoever waited for it decides on what stands then."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, connections, transaction

from review import attachments, claims, decisions
from review.attachments import NewFile
from review.errors import ClaimLost, Superseded
from review.intake import NewMessage, add_message
from review.models import Attachment, ReviewItem, Ticket, Verdict
from review.seen import Seen, lock
from tests.builders import DRAFT, make_item, make_person, make_queue
from tests.stack import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def escalate(item: ReviewItem) -> None:
    """Move the item to another row of another queue, as a lead may meanwhile."""
    fields = {"claimed_by": None, "claim_token": None, "claim_expires_at": None}
    ReviewItem.objects.filter(pk=item.pk).update(queue=make_queue("care"), **fields)


def write_again(item: ReviewItem) -> None:
    add_message(item.ticket_id, NewMessage(body="One more thing."))


@pytest.mark.parametrize(
    ("meanwhile", "refusal"), [(escalate, ClaimLost), (write_again, Superseded)]
)
def test_what_changed_while_it_was_waited_for_is_what_counts(
    installed: object, meanwhile: Callable[[ReviewItem], None], refusal: type[Exception]
) -> None:
    ada = make_person("ada", "reviewer", make_queue("orders"))
    item = claims.claim(make_item(), ada)
    assert item.claim_token is not None
    seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    asking = Event()

    def decide() -> None:
        try:
            with transaction.atomic():
                asking.set()
                lock(item.pk, ada, seen)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Ticket.objects.select_for_update().get(pk=item.ticket_id)
            decided = pool.submit(decide)
            assert asking.wait(10)
            meanwhile(item)
        with pytest.raises(refusal):
            decided.result()


def test_a_file_laid_ready_while_the_verdict_waited_leaves_with_the_reply(
    installed: object,
) -> None:
    ada = make_person("ada", "reviewer", make_queue("orders"))
    item = claims.claim(make_item(), ada)
    assert item.claim_token is not None
    token = item.claim_token
    seen = Seen(claim_token=token, revision=item.revision, digest=item.digest)
    asking = Event()

    def decide() -> None:
        try:
            asking.set()
            decisions.send(item.pk, ada, seen, text=DRAFT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            file = NewFile(name="label.pdf", content_type="application/pdf", data=b"%PDF")
            attachments.lay_ready(item.pk, ada, token, [file])
            decided = pool.submit(decide)
            assert asking.wait(10)
            wait_until(is_waiting_for_a_lock, "the verdict waits for the upload")
        decided.result()
    assert Attachment.objects.get().verdict == Verdict.objects.get()


def is_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])
