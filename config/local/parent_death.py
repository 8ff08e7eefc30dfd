"""Processes that end with their parent, even when that one is killed with no time to say so."""

import ctypes
import os
import signal

# Set in the environment of everything the supervisor starts.
SUPERVISED = "COUNTERSIGN_SUPERVISED"

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)  # loaded early: nothing may be imported after a fork


def die_with_parent(sent: signal.Signals = signal.SIGKILL) -> None:
    """Return with this process bound to its parent's life, if the supervisor started it.

    The kernel binds direct children only, so a process that forks workers has each call this.
    """
    if os.environ.get(SUPERVISED) == "1":
        bind_to_parent(sent, os.getppid())


def bind_to_parent(sent: signal.Signals, parent: int) -> None:
    """Return with the kernel told to send this process the signal when its parent ends.

    parent: the pid it was started by; if that one is gone already, the signal comes at once. The
    kernel watches the thread that forked, so programs are started from a main thread.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), sent)
