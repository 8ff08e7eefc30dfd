"""Files: those that came with a message, and those laid ready for a reply until it is sent.

A file's bytes are a row of their own that only a download, a mail and a webhook read.
"""

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from observability.rows import ask
from review import audit, file_names
from review.claims import require_claim
from review.errors import EmptyFile, ErasedFile, FileTooLarge, TooManyFiles
from review.models import Attachment, AttachmentContent, Message, ReviewItem, Verdict
from review.redaction import redact

MOST_FILES = 10
LARGEST_FILE = 5 * 1024 * 1024
OCTETS = "application/octet-stream"
CONTENT_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,80}")
# A part of these is read as parts of its own, and so would not stay one file.
COMPOSED = ("multipart/", "message/")

BIND = """
UPDATE review_attachment SET verdict_id = %s WHERE item_id = %s AND verdict_id IS NULL
RETURNING sha256
"""


@dataclass(frozen=True, kw_only=True)
class NewFile:
    """A file as it was received. Its name and type are whatever the sender said."""

    name: str
    data: bytes
    content_type: str = ""

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def said(self) -> list[str]:
        """What tells it from another file, as it is stored and digested."""
        return [stored_name(self.name), stored_type(self.content_type), self.sha256]


@dataclass(frozen=True, kw_only=True)
class OutgoingFile:
    """A file of a reply with its bytes."""

    name: str
    content_type: str
    sha256: str
    data: bytes


def stored_name(name: str) -> str:
    """Return the name as it is stored: harmless, and without the secrets that names hold too."""
    return file_names.cleaned(redact(name.replace("\x00", "")).text)


def stored_type(content_type: str) -> str:
    """Return the media type without parameters; that of mere bytes for what is no type."""
    plain = content_type.partition(";")[0].strip().lower()
    is_one = CONTENT_TYPE.fullmatch(plain) and not plain.startswith(COMPOSED)
    return plain if is_one else OCTETS


def keep(received: Iterable[tuple[Message, NewFile]]) -> None:
    """Store the files of stored messages, in the caller's transaction."""
    _store([(file, {"message": message}) for message, file in received])


@transaction.atomic
def lay_ready(
    item_id: int, user: User, token: uuid.UUID, files: Sequence[NewFile]
) -> Sequence[Attachment]:
    """Return the files, laid ready for the item's reply.

    Raises EmptyFile, FileTooLarge, TooManyFiles, and what stands against the claim.
    """
    item = _held(item_id, user, token)
    for file in files:
        if not file.data:
            raise EmptyFile(f"{stored_name(file.name)} is empty, so no file was attached.")
        if len(file.data) > LARGEST_FILE:
            raise FileTooLarge(f"{stored_name(file.name)} is larger than 5 MB. Nothing was added.")
    if laid_ready(item).count() + len(files) > MOST_FILES:
        raise TooManyFiles
    stored = _store([(file, {"item": item, "added_by": user}) for file in files])
    for row in stored:
        audit.record(user, "attachment.added", item, after=row.sha256, attachment=row.pk)
    return stored


@transaction.atomic
def take_away(item_id: int, user: User, token: uuid.UUID, attachment_id: int) -> None:
    """Remove a file that is laid ready. Raises what stands against the claim."""
    item = _held(item_id, user, token)
    file = laid_ready(item).filter(pk=attachment_id).first()
    if file is not None:
        audit.record(user, "attachment.removed", item, before=file.sha256, attachment=file.pk)
        file.delete()


def laid_ready(item: ReviewItem) -> QuerySet[Attachment]:
    """Return the files that go out with the item's reply, once it is sent."""
    return Attachment.objects.filter(item=item, verdict=None)


def bind(verdict: Verdict) -> list[str]:
    """Return the SHA-256 of each file that was laid ready and from now on is the verdict's."""
    return sorted(sha256 for (sha256,) in ask(BIND, [verdict.pk, verdict.item_id]))


def give_back(verdict: Verdict) -> None:
    """Lay the files of an undone verdict ready again."""
    Attachment.objects.filter(verdict=verdict, message=None).update(verdict=None)


def follow(verdict: Verdict, message: Message) -> None:
    """Show a sent reply's files with the message that it became."""
    Attachment.objects.filter(verdict=verdict).update(message=message)


def outgoing(verdict: Verdict) -> list[OutgoingFile]:
    """Return the files that leave with the verdict's reply. Raises ErasedFile."""
    files = Attachment.objects.filter(verdict__in=[verdict.pk]).select_related("content")
    return [_outgoing(file) for file in files]


def seen_with(items: QuerySet[ReviewItem]) -> QuerySet[Attachment]:
    """Return the files of the items' replies and of their tickets' messages."""
    return Attachment.objects.filter(
        Q(item__in=items) | Q(message__ticket__in=items.values("ticket"))
    )


def _held(item_id: int, user: User, token: uuid.UUID) -> ReviewItem:
    # No ticket is asked for after it, so the item alone may be locked.
    item = ReviewItem.objects.select_for_update(of=("self",)).get(pk=item_id)
    require_claim(item, user, token)
    return item


def _store(files: Sequence[tuple[NewFile, dict[str, object]]]) -> Sequence[Attachment]:
    rows = Attachment.objects.bulk_create(
        Attachment(
            name=stored_name(file.name),
            content_type=stored_type(file.content_type),
            size=len(file.data),
            sha256=file.sha256,
            **place,
        )
        for file, place in files
    )
    AttachmentContent.objects.bulk_create(
        AttachmentContent(attachment=row, data=file.data)
        for row, (file, _) in zip(rows, files, strict=True)
    )
    return rows


def _outgoing(file: Attachment) -> OutgoingFile:
    if file.content.data is None:
        raise ErasedFile
    return OutgoingFile(
        name=file.name,
        content_type=file.content_type,
        sha256=file.sha256,
        data=bytes(file.content.data),
    )
