"""Tickets and messages as clients write them: the API's bodies and the import's lines."""

import base64
import binascii
import hashlib
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from observability.storable import storable
from review.attachments import LARGEST_FILE, MOST_FILES, NewFile
from review.intake import NewMessage, NewTicket

LONGEST_BODY = 1_000_000
OLDEST, NEWEST = 1970, 2199
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def _an_email(value: str) -> str:
    # The standard's quoted names take control characters, and Django's pattern for domains takes
    # what cannot be seen or turns the line: nobody is written to at such an address.
    if any(unicodedata.category(letter) in UNSEEN for letter in value):
        raise ValueError("is not an e-mail address")
    try:
        validate_email(value)
    except ValidationError as error:
        raise ValueError("is not an e-mail address") from error
    return value


def _storable_moment(value: datetime) -> datetime:
    if not OLDEST < value.year < NEWEST:
        raise ValueError(f"is not between the years {OLDEST} and {NEWEST}")
    return value.astimezone(UTC)


def _decoded(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("is not base64")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not base64") from error
    if len(data) > LARGEST_FILE:
        raise ValueError("is larger than 5 MB")
    return data


Moment = Annotated[AwareDatetime, AfterValidator(_storable_moment)]
Text = Annotated[str, AfterValidator(storable)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_an_email)
]
Slug = Annotated[str, StringConstraints(pattern=r"^[-\w]{1,50}$")]
Body = Annotated[Text, StringConstraints(max_length=LONGEST_BODY, min_length=1)]
# A request is told from another by the digest: megabytes of base64 need not be written out again.
Content = Annotated[
    bytes,
    BeforeValidator(_decoded),
    PlainSerializer(lambda data: hashlib.sha256(data).hexdigest(), when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]


class Incoming(BaseModel):
    """What a client sends; a field that is not known is an error, not silence."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class CustomerIn(Incoming):
    email: Email
    name: Annotated[Text, StringConstraints(max_length=200)] = ""
    segment: Annotated[Text, StringConstraints(max_length=40)] = ""


class FileIn(Incoming):
    """A file that came with a message, its bytes in base64."""

    name: Annotated[Text, StringConstraints(max_length=1000, min_length=1)]
    content_type: Annotated[Text, StringConstraints(max_length=120)] = ""
    content: Content

    def as_file(self) -> NewFile:
        """Return it as intake takes it."""
        return NewFile(name=self.name, data=self.content, content_type=self.content_type)


class TurnIn(Incoming):
    """A further turn of the conversation."""

    sender: Literal["customer", "agent"] = Field(default="customer", alias="from")
    body: Body
    at: Moment | None = None
    external_id: Annotated[Text, StringConstraints(max_length=200, min_length=1)] | None = None
    attachments: list[FileIn] = Field(default_factory=list, max_length=MOST_FILES)

    def as_message(self) -> NewMessage:
        """Return it as intake takes it."""
        return NewMessage(
            body=self.body,
            sender=self.sender,
            at=self.at,
            external_id=self.external_id,
            files=[file.as_file() for file in self.attachments],
        )


class TicketIn(Incoming):
    """A ticket. `messages` follow `body`, but for those dated before `received_at`.

    `attachments` are of the message that is `body`.
    """

    external_id: Annotated[Text, StringConstraints(max_length=200, min_length=1)]
    subject: Annotated[Text, StringConstraints(max_length=1000)] = ""
    body: Body
    customer: CustomerIn
    source: Slug = "api"
    received_at: Moment | None = None
    category: Annotated[Text, StringConstraints(max_length=60)] = ""
    queue: Annotated[Text, StringConstraints(max_length=100)] = ""
    messages: list[TurnIn] = Field(default_factory=list, max_length=200)
    attachments: list[FileIn] = Field(default_factory=list, max_length=MOST_FILES)

    @model_validator(mode="after")
    def _message_ids_differ(self) -> Self:
        ids = [turn.external_id for turn in self.messages if turn.external_id]
        if len(ids) != len(set(ids)):
            raise ValueError("messages: two have the same external_id")
        return self

    def as_ticket(self) -> NewTicket:
        """Return it as intake takes it, turns in the order they were written."""
        turns = [turn.as_message() for turn in self.messages]
        received = self.received_at
        earlier = [turn for turn in turns if received and turn.at and turn.at < received]
        later = [turn for turn in turns if turn not in earlier]
        first = NewMessage(
            body=self.body, at=received, files=[file.as_file() for file in self.attachments]
        )
        return NewTicket(
            external_id=self.external_id,
            subject=" ".join(self.subject.split()),
            customer_email=self.customer.email,
            customer_name=self.customer.name,
            customer_segment=self.customer.segment,
            source=self.source,
            queue=self.queue,
            category=self.category,
            received_at=received,
            messages=[*earlier, first, *later],
        )
