"""Files: taken in with messages, opened safely, and sent with replies."""

import base64
import hashlib
import json
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from review import attachments, decisions, file_names, mail, outcomes, webhooks
from review.attachments import NewFile
from review.claims import claim
from review.errors import ConflictingSubmission, EmptyFile, FileTooLarge, TooManyFiles
from review.intake import NewMessage
from review.models import Attachment, AttachmentContent, AuditEntry, Message, ReviewItem, Verdict
from review.undoing import undo
from tests.builders import make_item, make_ticket, make_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

PAGE = b"<script>alert(document.domain)</script>"
CARD = "4111 1111 1111 1111"


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def with_file(name: str = "photo.png", data: bytes = b"PNG", kind: str = "image/png") -> NewMessage:
    return NewMessage(
        body="See the photo", files=[NewFile(name=name, data=data, content_type=kind)]
    )


def seen(item: ReviewItem) -> decisions.Seen:
    item.refresh_from_db()
    assert item.claim_token is not None
    return decisions.Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


def form(item: ReviewItem, **fields: object) -> dict[str, object]:
    item.refresh_from_db()
    known = {"claim_token": str(item.claim_token), "revision": item.revision, "digest": item.digest}
    return {**known, **fields}


def sent(item: ReviewItem, user: User) -> Verdict:
    verdict = decisions.send(item.pk, user, seen(item), text="Here it is.")
    assert verdict is not None
    return verdict


# Coming in


def submit(client: Client, token: str, **fields: object) -> tuple[int, str]:
    body = {
        "external_id": "t-1",
        "body": "See the photo",
        "customer": {"email": "tom@berg.example"},
        **fields,
    }
    headers = {"Authorization": f"Bearer {token}"}
    response = client.post("/api/v1/tickets", body, "application/json", headers=headers)
    return response.status_code, response.content.decode()


def encoded(data: bytes, **fields: str) -> dict[str, str]:
    return {"name": "photo.png", "content": base64.b64encode(data).decode(), **fields}


def test_the_api_takes_files_with_a_ticket_and_with_each_message(installed: object) -> None:
    token, _ = make_token("submit")
    further = {"from": "customer", "body": "And this", "attachments": [encoded(b"b", name="b.pdf")]}
    files = [encoded(b"a", content_type="image/png; x=y")]
    assert submit(Client(), token, attachments=files, messages=[further])[0] == 202
    first, second = Attachment.objects.select_related("message", "content")
    assert (first.name, first.content_type, first.size) == ("photo.png", "image/png", 1)
    assert (first.message.seq, second.message.seq) == (1, 2)  # type: ignore[union-attr]
    assert bytes(second.content.data or b"") == b"b"
    assert second.sha256 == hashlib.sha256(b"b").hexdigest()
    assert submit(Client(), token, attachments=files, messages=[further])[0] == 202
    assert Attachment.objects.count() == 2
    assert submit(Client(), token, attachments=[encoded(b"c")], messages=[further])[0] == 422


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([encoded(b"x", content="no base64!")], "is not base64"),
        ([encoded(b"x" * (attachments.LARGEST_FILE + 1))], "is larger than 5 MB"),
        ([encoded(b"x", name="")], "name"),
        ([encoded(b"x")] * 11, "attachments"),
        ([{"name": "x"}], "content"),
    ],
)
def test_files_that_do_not_fit_are_refused_by_name(
    installed: object, files: list[dict[str, str]], said: str
) -> None:
    token, _ = make_token("submit")
    status, text = submit(Client(), token, attachments=files)
    assert (status, Attachment.objects.count()) == (422, 0)
    assert said in json.loads(text)["detail"]


def test_a_ticket_without_files_is_the_same_submission_as_ever(installed: object) -> None:
    first = make_ticket("Hello", external_id="same").ticket
    assert make_ticket("Hello", external_id="same").ticket == first
    with pytest.raises(ConflictingSubmission):
        make_ticket("Hello", external_id="same", messages=[with_file()])


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\tom\\photo.png", "photo.png"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a\r\nSet-Cookie: x=y.txt", "aSet-Cookie: x=y.txt"),
        ("in\x00voice.pdf", "invoice.pdf"),
        ("invoice.pdf .", "invoice.pdf"),
        (".", "file"),
        ("\u200b\u2066", "file"),
        (f"card {CARD}.pdf", "card [payment card removed, ends 1111].pdf"),
    ],
)
def test_names_lose_paths_controls_turns_and_secrets(name: str, stored: str) -> None:
    assert attachments.stored_name(name) == stored


def test_a_long_name_keeps_its_ending() -> None:
    name = file_names.cleaned("n" * 500 + ".pdf")
    assert (len(name), name[-5:]) == (file_names.LONGEST_NAME, "….pdf")


@pytest.mark.parametrize(
    ("name", "kind", "risk"),
    [
        ("invoice.pdf", "PDF", ""),
        ("photo.JPG", "Image (JPG)", ""),
        ("invoice.pdf.exe", "Program (EXE)", "program"),
        ("sheet.xlsm", "Document with macros (XLSM)", "macros"),
        ("page.html", "Web page (HTML)", "page"),
        ("drawing.svg", "Drawing (SVG)", "page"),
        ("README", "File", ""),
        (".bashrc", "File", ""),
        ("a.verylongending", "File", ""),
    ],
)
def test_a_name_says_what_the_file_is_and_what_it_could_do(name: str, kind: str, risk: str) -> None:
    assert (file_names.kind(name), file_names.risk(name)) == (kind, risk)


# Opened


def test_a_file_is_saved_and_never_shown_from_our_origin(page: Client) -> None:
    make_item(messages=[with_file('pa"ge-ü.html', PAGE, "text/html")])
    file = Attachment.objects.get()
    response = page.get(f"/attachments/{file.pk}/")
    assert response.content == PAGE
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''pa%22ge-%C3%BC.html"
    assert response["X-Content-Type-Options"] == "nosniff"
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy


def test_a_file_is_for_those_who_see_its_ticket(page: Client) -> None:
    make_item(messages=[with_file()], queue="billing")
    assert page.get(f"/attachments/{Attachment.objects.get().pk}/").status_code == 404


def test_an_erased_file_says_so(page: Client) -> None:
    make_item(messages=[with_file()])
    AttachmentContent.objects.update(data=None, erased_at=timezone.now())
    response = page.get(f"/attachments/{Attachment.objects.get().pk}/")
    assert (response.status_code, response.content) == (410, b"This file has been erased.")


def test_files_stand_under_their_message_with_a_word_of_warning(page: Client) -> None:
    item = make_item(messages=[with_file("invoice.pdf.exe", b"x" * 2048)])
    text = page.get(f"/items/{item.pk}/").content.decode()
    assert "invoice.pdf.exe" in text
    assert "Program (EXE), 2.0" in text
    assert "It can run as a program" in text


# Going out


def upload(page: Client, item: ReviewItem, *files: SimpleUploadedFile, **headers: str) -> str:
    fields = form(item, files=list(files))
    return page.post(f"/items/{item.pk}/attachments/", fields, headers=headers).content.decode()


def test_files_are_laid_ready_shown_removed_and_fenced(
    page: Client, ada: User, grace: User
) -> None:
    item = claim(make_item(), ada)
    text = upload(page, item, SimpleUploadedFile("a.pdf", b"a"), **{"HX-Request": "true"})
    assert "a.pdf" in text
    assert "<html" not in text
    file = Attachment.objects.get()
    assert AuditEntry.objects.get(action="attachment.added").after == file.sha256
    assert "a.pdf" in page.get(f"/items/{item.pk}/").content.decode()
    stale = form(item)
    ReviewItem.objects.update(claim_expires_at=timezone.now())
    address = f"/items/{item.pk}/attachments/{file.pk}/remove/"
    assert "expired" in page.post(address, stale, headers={"HX-Request": "true"}).content.decode()
    claim(item, ada)
    page.post(address, form(item))
    assert not Attachment.objects.exists()
    assert AuditEntry.objects.filter(action="attachment.removed").exists()


def test_without_a_script_the_typed_text_stays(page: Client, ada: User) -> None:
    item = claim(make_item(), ada)
    fields = form(item, files=[SimpleUploadedFile("a.pdf", b"a")], text="Typed so far")
    text = page.post(f"/items/{item.pk}/attachments/", fields).content.decode()
    assert "Typed so far" in text
    assert "a.pdf" in text


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ([b""], EmptyFile),
        ([b"x" * (attachments.LARGEST_FILE + 1)], FileTooLarge),
        ([b"x"] * 11, TooManyFiles),
    ],
)
def test_what_is_too_much_is_refused_whole(
    ada: User, files: list[bytes], error: type[Exception]
) -> None:
    item = claim(make_item(), ada)
    new = [NewFile(name="a.pdf", data=data) for data in files]
    with pytest.raises(error):
        attachments.lay_ready(item.pk, ada, seen(item).claim_token, new)
    assert not Attachment.objects.exists()


def test_a_form_that_is_too_large_is_refused_before_it_is_read(installed: object) -> None:
    kind, length = "multipart/form-data; boundary=x", str(60 * 1024 * 1024)
    response = Client().generic(
        "POST", "/accounts/login/", b"--x--", content_type=kind, CONTENT_LENGTH=length
    )
    assert response.status_code == 400


@pytest.fixture
def ready(ada: User) -> ReviewItem:
    """An item that Ada holds, with one file laid ready."""
    item = claim(make_item(), ada)
    new = [NewFile(name="label ü.pdf", data=b"%PDF", content_type="application/pdf")]
    attachments.lay_ready(item.pk, ada, seen(item).claim_token, new)
    return item


def test_a_sent_file_is_audited_and_shown_with_the_sent_message(
    page: Client, ready: ReviewItem, ada: User
) -> None:
    verdict = sent(ready, ada)
    file = Attachment.objects.get()
    assert file.verdict == verdict
    entry = AuditEntry.objects.get(action__in=["verdict.edit", "verdict.approve"])
    assert entry.detail["files"] == [file.sha256]
    assert "label ü.pdf" in page.get(f"/items/{ready.pk}/").content.decode()
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        outcomes.deliver(verdict.delivery.pk)
    file.refresh_from_db()
    assert file.message == Message.objects.get(ticket=ready.ticket, sender="agent")


def test_undo_lays_the_files_ready_again(ready: ReviewItem, ada: User) -> None:
    verdict = sent(ready, ada)
    undo(verdict.pk, ada)
    assert attachments.laid_ready(ready).count() == 1
    again = sent(ready, ada)
    assert Attachment.objects.get().verdict == again


def test_a_mail_carries_the_files(ready: ReviewItem, ada: User) -> None:
    verdict = sent(ready, ada)
    composed = mail.compose(verdict.delivery, files=attachments.outgoing(verdict))
    message = message_from_bytes(composed.as_bytes(), policy=policy.default)
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("label ü.pdf", "application/pdf")
    assert file.get_content() == b"%PDF"


def test_a_webhook_carries_the_files(ready: ReviewItem, ada: User) -> None:
    (file,) = webhooks.payload(sent(ready, ada).delivery)["data"]["attachments"]
    assert base64.b64decode(file.pop("content")) == b"%PDF"
    assert file == {
        "name": "label ü.pdf",
        "content_type": "application/pdf",
        "size": 4,
        "sha256": hashlib.sha256(b"%PDF").hexdigest(),
    }


def test_a_reply_whose_file_was_erased_does_not_leave_without_it(
    ready: ReviewItem, ada: User, settings: Settings
) -> None:
    settings.SMTP_HOST = "127.0.0.1"
    verdict = sent(ready, ada)
    AttachmentContent.objects.update(data=None)
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        delivery = outcomes.deliver(verdict.delivery.pk)
    assert delivery is not None
    assert (delivery.state, "erased" in delivery.detail) == ("failed", True)
