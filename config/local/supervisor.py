"""Starts everything in order, keeps it alive, and ends it in order."""

import http.client
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from config.local import checks, servers
from config.local.errors import LocalError
from config.local.home import Home
from config.local.programs import Child, Program, end_leftovers, last_words, rotate

WEB_PATIENCE_S = 120.0
TICK_S = 1.0
PROBE_EVERY_S = 10.0
FAILING_LIMIT_S = 60.0
STEADY_AFTER_S = 30.0  # a program that ran this long starts its back-off anew
LONGEST_DELAY_S = 30.0

_STOPS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # nohup: the terminal's end is not ours
    _STOPS.remove(signal.SIGHUP)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to run. servers come first, then prepare runs to its end, then web and the others."""

    home: Home
    port: int
    servers: tuple[Program, ...]
    prepare: Program
    web: Program
    others: tuple[Program, ...]

    @property
    def url(self) -> str:
        """Return where the console is."""
        return f"http://{checks.HOST}:{self.port}"


class _Stop(Exception):
    """Somebody asked for the end."""


def run(plan: Plan) -> None:
    """Return after everything ran until Ctrl-C or SIGTERM. Raises LocalError if it cannot start."""
    with _signals_held(), servers.lock(plan.home, plan.url):
        supervisor = _Supervisor(plan)
        try:
            supervisor.start()
            supervisor.watch()
        except _Stop:
            _say("Stopping …")
        finally:
            supervisor.stop()
        _say("Stopped")


class _Supervisor:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        roster = servers.roster_of(plan.home)
        self._roster = roster
        self._servers = [Child(program, roster) for program in plan.servers]
        self._prepare = Child(plan.prepare, roster)
        self._web = Child(plan.web, roster)
        self._others = [Child(program, roster) for program in plan.others]
        self._health = _Health(plan.port)

    def start(self) -> None:
        plan = self._plan
        checks.check_space(plan.home)
        for name in end_leftovers(self._roster):
            _say(f"Ended {name}, left over from an earlier start")
        checks.check_port(plan.port)
        servers.start(plan.home, self._servers, pause=_pause, say=_say)
        told = self._run_prepare()
        self._web.start()
        self._web.await_ready(WEB_PATIENCE_S, _pause)
        for child in self._others:  # not sooner: they would take the processor from the console
            child.start()
        _say(f"Countersign is ready: {plan.url}")
        for line in told.splitlines():
            _say(line)
        _say(f"Logs are in {plan.home.logs}. Ctrl-C stops everything.")

    def _run_prepare(self) -> str:
        """Return what the preparation printed."""
        _say("Preparing the database …")
        began = time.monotonic()
        with tempfile.TemporaryFile() as output:
            self._prepare.start(output)
            while not self._prepare.has_ended():
                _pause(TICK_S)
            if self._prepare.exit_code:
                raise LocalError(
                    f"The database could not be prepared. {last_words(self._plan.prepare.log)}"
                )
            _say(f"The database is prepared ({time.monotonic() - began:.1f} s)")
            output.seek(0)
            return output.read().decode(errors="replace")

    def watch(self) -> None:
        """Keep everything alive until somebody asks for the end."""
        keepers = [_Keeper(child) for child in (*self._servers, self._web, *self._others)]
        while True:
            _pause(TICK_S)
            for keeper in keepers:
                keeper.keep()
            if any(child.has_ended() for child in self._servers):
                self._health.forgive()  # the console cannot be well without them
                continue
            stalled = self._health.stalled()
            for child in (self._web, *self._others):
                if child.program.name in stalled and child.age_s() > FAILING_LIMIT_S:
                    _say(f"{child.program.name} makes no progress: starting it again")
                    child.kill()

    def stop(self) -> None:
        """Return when everything has ended: what uses the servers first, PostgreSQL last."""
        last_first = list(reversed(self._servers))
        for group in (
            [self._prepare, self._web, *reversed(self._others)],
            *([s] for s in last_first),
        ):
            _stop_together(group)


class _Keeper:
    """Starts one program again when it has died, at growing intervals while it keeps dying."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._delay_s = 0.0
        self._due: float | None = None

    def keep(self) -> None:
        now = time.monotonic()
        if not self._child.has_ended():
            self._child.write_down()
            rotate(self._child.program.log)
            return
        if self._due is None:
            steady = self._child.age_s() > STEADY_AFTER_S
            self._delay_s = 0.5 if steady or not self._delay_s else self._delay_s * 2
            self._delay_s = min(self._delay_s, LONGEST_DELAY_S)
            self._due = now + self._delay_s
            _say(f"{self._child.program.name} ended: starting it again in {self._delay_s:.1f} s")
        if now >= self._due:
            self._due = None
            try:
                self._child.start()
            except (LocalError, OSError) as error:
                _say(f"{self._child.program.name} cannot be started: {error}")


class _Health:
    """Asks the console how it is."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.forgive()

    def forgive(self) -> None:
        """Count from now on."""
        self._well = self._asked = time.monotonic()

    def stalled(self) -> Sequence[str]:
        """Return the names of the programs that make no progress, web after a minute unready.

        The console's answer may name others: `{"stalled": ["worker"]}`.
        """
        now = time.monotonic()
        if now - self._asked < PROBE_EVERY_S:
            return ()
        self._asked = now
        ready, named = _ask(self._port)
        if ready:
            self._well = now
        elif now - self._well > FAILING_LIMIT_S:
            self.forgive()
            return ("web", *named)
        return named


def answers(port: int, path: str) -> bool:
    """Return whether the console answers 200 at this path."""
    return _get(port, path)[0] == http.client.OK


def _ask(port: int) -> tuple[bool, tuple[str, ...]]:
    status, body = _get(port, "/readyz")
    try:
        named = tuple(json.loads(body)["stalled"])
    except (ValueError, KeyError, TypeError):
        named = ()
    return status == http.client.OK, named


def _get(port: int, path: str) -> tuple[int | Literal[0], bytes]:
    connection = http.client.HTTPConnection(checks.HOST, port, timeout=3)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def _stop_together(children: Sequence[Child]) -> None:
    """Return when all have ended, at once after a second Ctrl-C."""
    for child in children:
        child.ask_to_stop()
    began = time.monotonic()
    hurried = False
    while waiting := [child for child in children if not child.has_ended()]:
        for child in waiting:
            if hurried or time.monotonic() - began > child.program.patience_s:
                child.kill()
        try:
            _pause(0.1)
        except _Stop:
            hurried = True


@contextmanager
def _signals_held() -> Iterator[None]:
    """Yield with signals waiting until a pause takes them: none interrupts a step half-way."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS | {signal.SIGCHLD})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pause(longest_s: float) -> None:
    """Return after that time, or sooner when a child ended. Raises _Stop."""
    taken = signal.sigtimedwait(_STOPS | {signal.SIGCHLD}, longest_s)
    if taken is not None and taken.si_signo != signal.SIGCHLD:
        raise _Stop


def _say(line: str) -> None:
    try:
        print(line, flush=True)
    except OSError:
        # The terminal is gone or the pipe is closed: that is no reason to end.
        sys.stdout = sys.__stderr__
