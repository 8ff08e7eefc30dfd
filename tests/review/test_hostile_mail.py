"""Replies to hostile customers: one mail, to one address, with our headers and no others."""

from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from review import decisions, mail, outcomes
from review.claims import claim
from review.decisions import Seen
from review.models import Customer, Delivery, ReviewPayload, Source, Ticket, Verdict
from tests.builders import make_item
from tests.hostile import HEADER_BREAKERS, bare_payloads
from tests.peers import Mailbox, smtp_server

pytestmark = pytest.mark.django_db

HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
}
ADDRESS = "ada@lovelace.example"
BODIES = (
    "Hello\n.\nQUIT\nMAIL FROM:<pwned@evil.example>\n..\n.",
    "From the desk of\nFrom evil\n>From quoted",
    "Bcc: victim@evil.example\nSubject: pwned\n\nHello",
    "--boundary\nContent-Type: text/html\n\n<script>alert(1)</script>\n--boundary--",
    "x" * 19_000,
    "é" * 19_000,
    "\u202eturned\u2028separated\x0bfed",
    "line\rreturn\r\nboth\n",
)


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with smtp_server() as mailbox:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", mailbox.port
        settings.SMTP_SECURITY = "none"
        settings.MAIL_FROM = "support@firm.example"
        yield mailbox


def deliver(ada: User, text: str = "Hello", **ticket: Any) -> Delivery:
    item = claim(make_item(**ticket), ada)
    assert item.claim_token is not None
    seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    verdict = decisions.send(item.pk, ada, seen, text=text)
    assert verdict is not None
    Delivery.objects.filter(verdict=verdict).update(due_at=timezone.now())
    delivery = Delivery.objects.get(verdict=verdict)
    outcomes.deliver(delivery.pk)
    return Delivery.objects.get(pk=delivery.pk)


def is_ours(message: EmailMessage) -> bool:
    """Whether it has our headers once each, one addressee, and plain text."""
    return (
        set(message.keys()) == HEADERS
        and len(message.keys()) == len(HEADERS)
        and [address.addr_spec for address in message["To"].addresses] == [ADDRESS]
        and message.get_content_type() == "text/plain"
    )


def unsaved(name: str, subject: str, text: str = "Hello") -> Delivery:
    """A delivery that composing a mail needs, without its rows."""
    customer = Customer(email=ADDRESS, name=name)
    ticket = Ticket(customer=customer, subject=subject, source=Source(slug="x"))
    return Delivery(ticket=ticket, verdict=Verdict(final=ReviewPayload(content=text)))


def test_names_and_subjects_add_no_header(ada: User, mailbox: Mailbox) -> None:
    for breaker in HEADER_BREAKERS:
        Customer.objects.update(name="")
        delivery = deliver(ada, subject=breaker, customer_name=breaker, customer_email=ADDRESS)
        assert delivery.state == "sent", breaker
    assert len(mailbox.mails) == len(HEADER_BREAKERS)
    assert all(map(is_ours, mailbox.mails))


def test_bodies_stay_bodies(ada: User, mailbox: Mailbox) -> None:
    for body in BODIES:
        assert deliver(ada, text=body, customer_email=ADDRESS).state == "sent", body[:40]
    assert len(mailbox.mails) == len(BODIES)
    assert all(map(is_ours, mailbox.mails))
    for body, received in zip(BODIES, mailbox.mails, strict=True):
        content = received.get_content()
        assert "".join(content.split()) == "".join(body.split()), body[:40]


@examples(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
    | st.sampled_from([payload.text[:200] for payload in bare_payloads()]),
    subject=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300),
)
def test_any_name_and_subject_make_one_mail(settings: Settings, name: str, subject: str) -> None:
    settings.MAIL_FROM = "support@firm.example"
    wire = mail.compose(unsaved(name, subject)).as_bytes(policy=SMTP)
    head, _, body = wire.partition(b"\r\n\r\n")
    names = [line.split(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert sorted(names) == sorted(HEADERS)
    assert body.strip() == b"Hello"
    assert all(len(line) <= 998 for line in wire.split(b"\r\n"))


@pytest.mark.parametrize(
    "answer",
    [
        "550 <script>alert(1)</script>",
        "550 nul\x00 and \x1b[31m",
        "550 " + "x" * 400,
        "551-a\r\n551 b",
    ],
)
def test_any_refusal_is_kept_as_one_line(ada: User, mailbox: Mailbox, answer: str) -> None:
    mailbox.refusal = answer
    delivery = deliver(ada, customer_email=ADDRESS)
    assert delivery.state == "failed"
    assert "The mail server answered 55" in delivery.detail
    assert delivery.detail.isprintable()


def test_an_address_that_no_mail_can_have_is_said(ada: User, mailbox: Mailbox) -> None:
    for address in ('"<script>alert(1)</script>"@evil.example', "a@" + "x" * 70 + ".example"):
        assert deliver(ada, customer_email=address).state in {"sent", "failed"}
