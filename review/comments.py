"""Internal comments on a ticket, and who is mentioned in them.

No customer and no agent ever reads one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from review.errors import CommentTooLong, EmptyComment
from review.models import Comment, Notification, Queue, ReviewItem, ReviewPayload, Ticket
from review.notifications import name_of, notify
from review.redaction import redact

LONGEST_COMMENT = 5_000
MOST_COMMENTS = 100
MOST_MENTIONED = 20
MOST_OFFERED = 8
BACKEND = "django.contrib.auth.backends.ModelBackend"
MENTION = re.compile(r"(?<![\w@.+-])@([\w.@+-]{1,150})")


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A stored comment. blind: user names of the mentioned who may not see the ticket."""

    comment: Comment
    mentioned: Sequence[User]
    blind: Sequence[str]


@transaction.atomic
def post(item: ReviewItem, author: User, body: str) -> Posted:
    """Return the comment, kept without secrets, once those it mentions are notified.

    Raises EmptyComment or CommentTooLong.
    """
    text = redact(body.replace("\r\n", "\n").replace("\x00", "").strip()).text
    if not text:
        raise EmptyComment
    if len(text) > LONGEST_COMMENT:
        raise CommentTooLong
    comment = Comment.objects.create(
        ticket=item.ticket, author=author, body=ReviewPayload.objects.create(content=text)
    )
    named = [person for person in mentioned_in(text) if person != author]
    seeing = set(
        who_sees(item).filter(pk__in=[one.pk for one in named]).values_list("pk", flat=True)
    )
    mentioned = [person for person in named if person.pk in seeing]
    for person in mentioned:
        said = f"{name_of(author)} mentioned you in a comment."
        notify(person, Notification.Kind.MENTIONED, item, said, actor=author)
    blind = [person.get_username() for person in named if person.pk not in seeing]
    return Posted(comment=comment, mentioned=mentioned, blind=blind)


def comments_of(ticket: Ticket) -> Sequence[Comment]:
    """Return the ticket's newest comments, oldest first."""
    newest = ticket.comments.select_related("author", "body").order_by("-pk")[:MOST_COMMENTS]
    return list(reversed(newest))


def mentioned_in(text: str) -> Sequence[User]:
    """Return the people whose user names stand in the text after an @, each once.

    `@grace.` at a sentence's end means `grace`, unless there is somebody called `grace.`.
    """
    words = [word.lower() for word in MENTION.findall(text)[:MOST_MENTIONED]]
    readings = [
        [word[:end] for end in range(len(word), 0, -1) if _may_end(word, end)] for word in words
    ]
    people = User.objects.filter(is_active=True).annotate(known_as=Lower("username"))
    sought = {reading for word in readings for reading in word}
    found = {person.known_as: person for person in people.filter(known_as__in=sought)}
    meant = (next((found[one] for one in word if one in found), None) for word in readings)
    return list(dict.fromkeys(person for person in meant if person is not None))


def who_sees(item: ReviewItem) -> QuerySet[User]:
    """Return the people who may see the item: of its queue, of every queue, or handed it."""
    return User.objects.filter(
        Q(pk__in=Queue.members.through.objects.filter(queue=item.queue_id).values("user"))
        | Q(pk__in=User.objects.with_perm("review.view_every_queue", backend=BACKEND).values("pk"))
        | Q(pk=item.assigned_to_id),
        is_active=True,
    )


def offered(item: ReviewItem, author: User, beginning: str) -> Sequence[User]:
    """Return the people a mention may mean whose name begins so, by name."""
    people = who_sees(item).exclude(pk=author.pk)
    for word in beginning.split()[:3]:
        people = people.filter(
            Q(username__istartswith=word)
            | Q(first_name__istartswith=word)
            | Q(last_name__istartswith=word)
        )
    return list(people.order_by("first_name", "last_name", "username")[:MOST_OFFERED])


def _may_end(word: str, end: int) -> bool:
    """Whether a name may end there: with the word, or before its closing marks."""
    return not word[end:].strip(".@+-_")
