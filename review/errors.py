"""What can go wrong for a person or a client. Each docstring is the sentence they are shown."""


class ReviewError(Exception):
    """The request could not be carried out."""

    status = 409

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or " ".join((self.__doc__ or "").split()))


class ConflictingSubmission(ReviewError):
    """A ticket with this source and external id exists with other content. Send a further
    message to it instead, or use another external id."""

    status = 422


class ConflictingMessage(ReviewError):
    """This ticket has a message with this external id and other content. Use another one."""

    status = 422


class IncompleteForm(ReviewError):
    """The form was incomplete, so nothing was saved."""

    status = 422


class KeyReused(ReviewError):
    """This Idempotency-Key was used for another request. Use a new key for a new request."""

    status = 422


class ClaimedByAnother(ReviewError):
    """Someone else is working on this item. Take another one, or wait until they release it."""


class ClaimLost(ReviewError):
    """Your claim on this item has expired or was taken over, so nothing was saved. Your text is
    kept below: claim the item again to send it."""


class AlreadyDecided(ReviewError):
    """This item has been decided already, so nothing was changed."""


class Superseded(ReviewError):
    """A newer message has come in since this draft was made, so it was not sent. A draft that
    answers the whole conversation takes its place."""


class ProposalChanged(ReviewError):
    """The draft has changed since you opened it, so nothing was sent. Look at it again."""


class EmptyReply(ReviewError):
    """The reply is empty. Write it, or reject the draft to close the ticket without one."""

    status = 422


class ReplyTooLong(ReviewError):
    """The reply is longer than 20,000 characters. Shorten it and send it again."""

    status = 422


class UnknownCategory(ReviewError):
    """This agent has no such category. Choose one from the list."""

    status = 422


class NowhereToEscalate(ReviewError):
    """This queue has no queue with more authority. An admin can name one."""


class TooLateToUndo(ReviewError):
    """The reply is no longer waiting to be sent, so there is nothing to undo. Its item says what
    became of it."""
