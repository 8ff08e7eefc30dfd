"""What can go wrong with the local model."""


class LocalModelError(Exception):
    """The local model cannot do what was asked."""


class NothingToLearn(LocalModelError):
    """There is no in-scope example with words in it: import examples first."""


class ModelOutdated(LocalModelError):
    """The saved model is of another format or library version: train it again."""


class MalformedTemplate(LocalModelError):
    """A reply template has a slot that cannot be filled: write it as {slot|fallback}."""


class UnreadableExamples(LocalModelError):
    """A file of examples cannot be read: the message names the line."""


class MalformedPattern(LocalModelError):
    """An order number pattern is no regular expression: correct it in the company's facts."""
