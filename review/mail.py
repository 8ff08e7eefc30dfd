"""Replies by SMTP. Until the data is handed over a failure is certain; after that it is not."""

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, formatdate

from django.conf import settings

from review import attachments
from review.attachments import OutgoingFile
from review.models import Delivery
from review.reports import Report

TIMEOUT_S = 20


def send(delivery: Delivery) -> Report:
    """Return what became of one attempt to mail the reply to its customer."""
    try:
        message = compose(
            delivery, answers=_earlier_key(delivery), files=attachments.outgoing(delivery.verdict)
        )
    except ValueError as error:
        return Report(state="failed", detail=f"No mail can be addressed so: {_what(error)}")
    try:
        client = _connect()
    except (OSError, smtplib.SMTPException) as error:
        return Report(state="retry", detail=f"The mail server could not be reached: {_what(error)}")
    try:
        return _hand_over(client, message)
    finally:
        client.close()


def compose(
    delivery: Delivery, *, answers: str | None = None, files: Sequence[OutgoingFile] = ()
) -> EmailMessage:
    """Return the mail. Its Message-ID is the delivery's key, so a repetition can be recognised.

    answers: the key of the mail it stands below. Raises ValueError for an unfit address.
    """
    ticket, verdict = delivery.ticket, delivery.verdict
    domain = settings.MAIL_FROM.rpartition("@")[2].strip(">")
    message = EmailMessage()
    message["From"] = settings.MAIL_FROM
    message["To"] = formataddr((_one_line(ticket.customer.name), _ascii(ticket.customer.email)))
    subject = _one_line(ticket.subject)
    message["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{delivery.idempotency_key}@{domain}>"
    if answers is not None:
        message["In-Reply-To"] = message["References"] = f"<{answers}@{domain}>"
    message.set_content(str(verdict.final.content if verdict.final else ""))
    for file in files:
        maintype, _, subtype = file.content_type.partition("/")
        message.add_attachment(
            file.data, maintype=maintype, subtype=subtype, filename=_one_line(file.name)
        )
    return message


def _earlier_key(delivery: Delivery) -> str | None:
    """Return the key of the ticket's last mail before this one, so that both stand together."""
    mails = delivery.ticket.deliveries.filter(
        channel=Delivery.Channel.EMAIL, state=Delivery.State.SENT, pk__lt=delivery.pk
    )
    return mails.order_by("-pk").values_list("idempotency_key", flat=True).first()


def _connect() -> smtplib.SMTP:
    if settings.SMTP_SECURITY == "tls":
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.SMTP_HOST,
            settings.SMTP_PORT,
            timeout=TIMEOUT_S,
            context=ssl.create_default_context(),
        )
    else:
        client = smtplib.SMTP(settings.SMTP_HOST, settings.SMTP_PORT, timeout=TIMEOUT_S)
    try:
        if settings.SMTP_SECURITY == "starttls":
            client.starttls(context=ssl.create_default_context())
        if settings.SMTP_USER:
            client.login(settings.SMTP_USER, settings.SMTP_PASSWORD)
    except BaseException:
        client.close()
        raise
    return client


def _hand_over(client: smtplib.SMTP, message: EmailMessage) -> Report:
    try:
        client.ehlo_or_helo_if_needed()
        for code, answer in (
            client.mail(settings.MAIL_FROM),
            client.rcpt(message["To"].addresses[0].addr_spec),
        ):
            if code >= 400:
                return _refused(code, answer)
    except (OSError, smtplib.SMTPException) as error:
        return Report(state="retry", detail=f"The mail server broke off: {_what(error)}")
    try:
        code, answer = client.data(message.as_bytes(policy=SMTP))
    except smtplib.SMTPDataError as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Report(
            state="unknown",
            detail=f"The connection broke while the reply was handed over: {_what(error)}",
        )
    if code >= 400:
        return _refused(code, answer)
    return Report(state="sent", detail=f"Accepted by {settings.SMTP_HOST}.")


def _refused(code: int, answer: bytes | str) -> Report:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    # RFC 5321: 4yz is transient, 5yz is final.
    return Report(
        state="retry" if code < 500 else "failed",
        detail=f"The mail server answered {code}: {text[:200]}",
    )


def _what(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__


def _ascii(address: str) -> str:
    """Return the address with its domain in IDNA form. Raises UnicodeError."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"


def _one_line(text: str) -> str:
    # What reads as an RFC 2047 encoded word would be decoded on its way, line ends and all.
    return " ".join(text.replace("=?", "= ?").split())
