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
    """It is too late to undo this: its time to undo is over, or something newer has taken its
    place. The item says what became of it."""


class NamelessView(ReviewError):
    """A view needs a name of up to 60 characters."""

    status = 422


class ViewTooLong(ReviewError):
    """The search is too long to be saved as a view. Shorten it."""

    status = 422


class ViewNameTaken(ReviewError):
    """You have a view of that name already. Choose another name, or save over it."""

    status = 422


class TooManyViews(ReviewError):
    """You have as many saved views as there may be. Delete one first."""

    status = 422


class UnknownQueue(ReviewError):
    """There is no such queue any more. Choose one from the list."""

    status = 422


class NoWritingModel(ReviewError):
    """An instruction needs a model that writes, and the embedded one only knows past replies."""


class RedraftUnderWay(ReviewError):
    """A redraft of this item is still being written. Wait until it is here."""


class NoInstruction(ReviewError):
    """Say in a few words what should be different, in at most 500 characters."""

    status = 422


class EmptyFile(ReviewError):
    """The file is empty, so it was not attached."""

    status = 422


class FileTooLarge(ReviewError):
    """A file may have 5 MB at most, and all that are attached at once 50 MB. Nothing was added."""

    status = 422


class TooManyFiles(ReviewError):
    """A reply takes ten files at most, so none was added. Remove one first."""

    status = 422


class ErasedFile(ReviewError):
    """A file of this reply has been erased, so it cannot be sent."""


class Withdrawn(ReviewError):
    """The agent has taken this proposal back, so nothing was changed."""


class NotAllowed(ReviewError):
    """The agent does not take this answer. Choose one of those the page offers."""

    status = 422


class UnfitAnswer(ReviewError):
    """Something in the form does not fit, so nothing was decided. It is marked below."""

    status = 422


class EmptyAnswer(ReviewError):
    """The answer is empty, so nothing was decided. Write it, or choose another way."""

    status = 422


class NotTheSecond(ReviewError):
    """You have countersigned this already. A second person must countersign the same before it
    counts."""


class UnknownPerson(ReviewError):
    """This person cannot be given the item. Choose one from the list."""

    status = 422


class AnswerMissing(ReviewError):
    """Every part of the proposal needs an answer, so nothing was decided."""

    status = 422


class UnfitMoment(ReviewError):
    """Choose a time that lies ahead, at most 90 days from now."""

    status = 422


class DraftIsWaiting(ReviewError):
    """This ticket has a draft that waits for a person, or one is being made. Propose another once
    it is decided."""


class UnfitProposal(ReviewError):
    """The proposal cannot be shown to a person."""

    status = 422


class DeliveryChanged(ReviewError):
    """Something has become of this reply meanwhile, so nothing was changed. Look at it again."""


class CustomerWroteSince(ReviewError):
    """The customer has written since, so this reply is not sent again. Answer the newer message,
    and give this one up."""


class CorrectedSince(ReviewError):
    """This reply was corrected, so it is not sent again: the customer would read the wrong text
    last. Give it up."""


class MayArriveTwice(ReviewError):
    """Nobody knows whether this mail left, so it may arrive twice. Look for it in the mail
    server's log, or say that it may."""


class ErasedReply(ReviewError):
    """The text of this reply has been erased, so it cannot be sent."""


class ReasonMissing(ReviewError):
    """Say in a few words why, so that a colleague understands it later."""

    status = 422


class CannotCorrect(ReviewError):
    """This reply cannot be corrected."""


class NotBatchable(ReviewError):
    """This item needs its own page."""

    status = 422


class NotLookedAt(ReviewError):
    """The customer wrote again while this was being written. Look at the earlier text beside the
    new draft and choose one; then it can be sent."""


class EmptyComment(ReviewError):
    """The comment is empty, so nothing was posted."""

    status = 422


class CommentTooLong(ReviewError):
    """The comment is longer than 5,000 characters. Shorten it and post it again."""

    status = 422


class RunHasEnded(ReviewError):
    """This run has ended already, so there was nothing to stop."""


class RunHasNotFailed(ReviewError):
    """This run did not fail and was not stopped, so there is nothing to start again."""


class AgentStopped(ReviewError):
    """The agent does not work at present, so nothing was done."""


class UnfitPrompt(ReviewError):
    """The text cannot be a prompt, so nothing was saved."""

    status = 422


class UnsurePrompt(ReviewError):
    """Something about the text is doubtful, so nothing was saved yet. Confirm it, or change it."""

    status = 422


class DraftChanged(ReviewError):
    """Somebody else has saved this draft since you opened it, so nothing was saved. Your text is
    kept below: compare it with theirs, and save it again."""


class NothingToChange(ReviewError):
    """This text is in force there already, so nothing was changed."""


class VersionGone(ReviewError):
    """This version is not the newest one any more, so nothing was changed. Look at it again."""


class AlreadyAsked(ReviewError):
    """This text waits for a second person already."""


class RequestAnswered(ReviewError):
    """This request has been answered already, so nothing was changed."""


class StagedTextChanged(ReviewError):
    """The text on staging has changed since this was asked, so it was not put live. Refuse it, or
    have it asked anew."""


class LiveTextChanged(ReviewError):
    """Another text has come into force since you opened this page, so nothing was changed. Look at
    what would change now."""


class NotTheSecondPerson(ReviewError):
    """You wrote this text or asked for it. Another person must put it live."""

    status = 403


class NoteMissing(ReviewError):
    """Say in a few words why, so that a colleague understands it later."""

    status = 422
