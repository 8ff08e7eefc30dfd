"""Why a change of a policy was not made. Each docstring is the sentence a person is shown."""

from review.errors import ReviewError


class RowChanged(ReviewError):
    """Somebody has changed this row since you opened it, so nothing was saved. What you wrote is
    kept below; open the row again to see theirs."""


class NothingToChange(ReviewError):
    """That is how it is already, so nothing was changed."""

    status = 422


class NeedsANote(ReviewError):
    """Say why in the note: it stands in the history. Nothing was changed."""

    status = 422


class NoDraft(ReviewError):
    """There is no draft that differs from what is in force. Nothing was changed."""


class NotStaged(ReviewError):
    """Nothing in staging differs from what is in force. Put the draft into staging first."""


class LiveRulesChanged(ReviewError):
    """Other rules have come into force since you opened this page, so nothing was changed. Look at
    what would change now."""


class AskedAlready(ReviewError):
    """This is waiting for a second person already. Nothing was changed."""


class NeedsAnother(ReviewError):
    """Another person must look at it: you asked for it yourself. Nothing was changed."""

    status = 403


class AnsweredAlready(ReviewError):
    """Somebody has answered this already. Nothing was changed."""
