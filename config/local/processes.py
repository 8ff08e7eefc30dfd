"""Which process is which: by pid, start time and executable, never by a bare pid."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """One process that was running. started: clock ticks since this boot; boot: that boot's id."""

    pid: int
    started: int
    boot: str
    executable: str

    def is_running(self) -> bool:
        """Return whether that very process still runs; a zombie does not."""
        return identify(self.pid) == self


class Roster:
    """The file that names what was started here, so that a later start finds what was left."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> dict[str, Identity]:
        """Return the processes by name; an unreadable file names none."""
        try:
            return {
                name: Identity(**fields)
                for name, fields in json.loads(self._file.read_text(encoding="utf-8")).items()
            }
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return {}

    def add(self, name: str, identity: Identity) -> None:
        """Write the name's process down, in place of an earlier one."""
        self._write(self.read() | {name: identity})

    def remove(self, name: str) -> None:
        """Forget the name's process."""
        self._write({other: kept for other, kept in self.read().items() if other != name})

    def _write(self, entries: dict[str, Identity]) -> None:
        draft = self._file.with_suffix(".draft")
        text = json.dumps({name: asdict(entry) for name, entry in entries.items()}, indent=1)
        draft.touch(mode=0o600)
        draft.write_text(text, encoding="utf-8")
        draft.replace(self._file)


def identify(pid: int) -> Identity | None:
    """Return the identity of the process that has this pid now, None if it has ended."""
    try:
        # The name may hold spaces and brackets: the fields begin after its last bracket.
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        fields = stat.rpartition(")")[2].split()
        executable = os.readlink(_PROC / str(pid) / "exe")  # noqa: PTH115 - may not exist any more
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    if fields[0] in "ZX":
        return None
    return Identity(
        pid=pid,
        started=int(fields[19]),
        boot=(_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip(),
        executable=executable.removesuffix(" (deleted)"),
    )


def end(identity: Identity, sent: signal.Signals, patience_s: float) -> None:
    """Return when that very process has ended, killed if the signal did not do it in time."""
    for attempt, wait_s in ((sent, patience_s), (signal.SIGKILL, 5.0)):
        if not identity.is_running():
            return
        os.kill(identity.pid, attempt)
        wait_until(lambda: not identity.is_running(), wait_s)


def wait_until(done: Callable[[], bool], patience_s: float, step_s: float = 0.02) -> bool:
    """Return True as soon as done() is, False when patience has run out."""
    deadline = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(step_s)
    return True
