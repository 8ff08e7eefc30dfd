"""Signatures: what stands under a person's replies, outside what is counted as an edit."""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction

from observability.rows import ask
from review.models import Queue, Signature

# RFC 3676: what follows a line of exactly this is signature, and mail programs fold it away.
DELIMITER = "-- "

# The text under a person's replies in a queue, both as SQL says them.
SIGNATURE = """
SELECT text FROM review_signature signature
WHERE signature.user_id = {user} AND (signature.queue_id = {queue} OR signature.queue_id IS NULL)
ORDER BY signature.queue_id NULLS LAST LIMIT 1
"""


def signature_of(user: User, queue: Queue) -> str:
    """Return the person's signature in the queue, or their general one, or nothing."""
    rows = ask(SIGNATURE.format(user="%s", queue="%s"), [user.pk, queue.pk])
    return str(rows[0][0]) if rows else ""


def signed(text: str, signature: str) -> str:
    """Return the text as it leaves: with the signature, unless it bears one already."""
    if not signature or DELIMITER in text.split("\n"):
        return text
    return f"{text}\n\n{DELIMITER}\n{signature}"


@transaction.atomic
def keep(user: User, texts: Mapping[Queue | None, str]) -> None:
    """Store the person's signatures by queue, None for all of them; an empty one is none."""
    for queue, text in texts.items():
        if text:
            Signature.objects.update_or_create(user=user, queue=queue, defaults={"text": text})
        else:
            Signature.objects.filter(user=user, queue=queue).delete()
