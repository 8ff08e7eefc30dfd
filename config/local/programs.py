"""One program that runs on this machine: what starts it, how it is watched and how it ends."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from config.local.errors import LocalError
from config.local.parent_death import bind_to_parent
from config.local.processes import Identity, Roster, end, identify

LOG_LIMIT_BYTES = 10_000_000

Pause = Callable[[float], None]


def _nothing() -> None:
    pass


def _always() -> bool:
    return True


def _no_repair() -> str | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program to keep alive. name: as it is told to a person; log: where its output goes."""

    name: str
    command: tuple[str, ...]
    log: Path
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    # What it gets when its starter was killed: with the servers going too, nothing ends gently.
    orphan_signal: signal.Signals = signal.SIGKILL
    patience_s: float = 15.0  # from the stop signal to the kill
    before_start: Callable[[], None] = _nothing
    is_ready: Callable[[], bool] = _always
    repair: Callable[[], str | None] = _no_repair  # after a failed start: what it did, if anything


class Child:
    """A program's process, which cannot outlive this one."""

    def __init__(self, program: Program, roster: Roster) -> None:
        self.program = program
        self._roster = roster
        self._process: subprocess.Popen[bytes] | None = None
        self.exit_code: int | None = None
        self._started = 0.0
        self._identity: Identity | None = None

    def start(self, output: BinaryIO | None = None) -> None:
        """Return with the program started, in a session of its own. Main thread only.

        output: takes what the program prints, in the log's place; its errors go to the log anyway.
        """
        program = self.program
        program.before_start()
        rotate(program.log)
        with open_log(program.log) as log:
            self._process = subprocess.Popen(
                program.command,
                cwd=program.folder,
                env=dict(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=output or log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                preexec_fn=bound_to_this(program.orphan_signal),  # noqa: PLW1509 - no other way
            )
        self._started = time.monotonic()
        self.write_down()

    def age_s(self) -> float:
        """Return how long ago the latest start was."""
        return time.monotonic() - self._started

    def write_down(self) -> None:
        """Return with the process in the roster as it is now: a wrapper may have become it."""
        identity = identify(self._process.pid) if self._process else None
        if identity and identity != self._identity:
            self._roster.add(self.program.name, identity)
            self._identity = identity

    def has_ended(self) -> bool:
        """Return whether no process runs; what it left of its session's group is ended too."""
        if self._process is None:
            return True
        pid = self._process.pid
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return False
        self._signal_group(signal.SIGKILL)  # before the reaping: until then its number is taken
        self.exit_code = self._process.wait()
        self._process = None
        self._roster.remove(self.program.name)
        return True

    def await_ready(self, patience_s: float, pause: Pause = time.sleep) -> None:
        """Return when the program answers. Raises LocalError with its last words."""
        deadline = time.monotonic() + patience_s
        while not self.program.is_ready():
            if self.has_ended():
                raise LocalError(
                    f"{self.program.name} did not start. {last_words(self.program.log)}"
                )
            if time.monotonic() > deadline:
                raise LocalError(
                    f"{self.program.name} gave no answer for {patience_s:.0f} s."
                    f" {last_words(self.program.log)}"
                )
            pause(0.02)
        self.write_down()

    def ask_to_stop(self) -> None:
        """Return with the stop signal sent."""
        if self._process is not None and not self.has_ended():
            os.kill(self._process.pid, self.program.stop_signal)

    def kill(self) -> None:
        """Return with the process and its group killed and reaped."""
        if self._process is not None and not self.has_ended():
            self._signal_group(signal.SIGKILL)
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
            self.has_ended()

    def stop(self) -> None:
        """Return when the program has ended, killed if its patience ran out."""
        self.ask_to_stop()
        deadline = time.monotonic() + self.program.patience_s
        while not self.has_ended():
            if time.monotonic() > deadline:
                self.kill()
            time.sleep(0.02)

    def _signal_group(self, sent: signal.Signals) -> None:
        if self._process is not None:
            try:
                os.killpg(self._process.pid, sent)
            except (ProcessLookupError, PermissionError):
                return


def bound_to_this(orphan_signal: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program: from then on it cannot outlive this process."""
    parent = os.getpid()

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        bind_to_parent(orphan_signal, parent)

    return prepare


def end_leftovers(roster: Roster) -> Sequence[str]:
    """Return the names of what an earlier, killed start had left running, ended now."""
    ended = []
    for name, identity in reversed(roster.read().items()):
        if identity.is_running():
            end(identity, signal.SIGINT, patience_s=10.0)
            ended.append(name)
        roster.remove(name)
    return ended


def rotate(log: Path) -> None:
    """Move a log that has grown too large to `<name>.1`, its reader and writer undisturbed."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        # Copied and cut, not renamed: the program goes on appending to the file it has open.
        shutil.copyfile(log, log.with_name(log.name + ".1"))
        os.truncate(log, 0)


def open_log(log: Path) -> BinaryIO:
    """Return the log open for appending, readable by this account alone."""
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def last_words(log: Path, lines: int = 6) -> str:
    """Return the end of the log, with its place; nothing if there is none."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    tail = "\n".join("  " + line for line in text.splitlines()[-lines:])
    return f"The end of {log}:\n{tail}"
