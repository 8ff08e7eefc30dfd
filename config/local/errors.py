"""What can go wrong on this machine. Each message is one sentence that a person can act on."""


class LocalError(Exception):
    """Something about this machine prevents a start; the message says what to do."""
