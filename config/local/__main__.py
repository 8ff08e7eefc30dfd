"""`python -m config.local`: runs all of Countersign on this machine until Ctrl-C."""

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial

from config.local import postgres, redis
from config.local.checks import port_from
from config.local.errors import LocalError
from config.local.home import CLONE, Home
from config.local.parent_death import SUPERVISED
from config.local.programs import Program
from config.local.supervisor import Plan, answers, run


def plan_from(environment: Mapping[str, str]) -> Plan:
    """Return what this environment asks for. A server whose URL is given is not started here."""
    home = Home.from_environment()
    port = port_from(environment)
    ours = {
        **environment,
        "COUNTERSIGN_HOME": str(home.root),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        SUPERVISED: "1",
    }
    servers = []
    if not _is_given(environment, "DATABASE_URL"):
        servers.append(postgres.program(home))
    if not _is_given(environment, "REDIS_URL"):
        servers.append(redis.program(home))
    return Plan(
        home=home,
        port=port,
        servers=tuple(servers),
        prepare=_python(home, "prepare", ("manage.py", "prepare"), ours),
        web=_web(home, port, ours),
        others=(_worker(home, ours), _beat(home, ours)),
    )


def _python(
    home: Home,
    name: str,
    words: tuple[str, ...],
    environment: Mapping[str, str],
    is_ready: Callable[[], bool] = lambda: True,
) -> Program:
    return Program(
        name=name,
        command=(sys.executable, *words),
        log=home.logs / f"{name}.log",
        folder=CLONE,
        environment=environment,
        is_ready=is_ready,
    )


def _is_given(environment: Mapping[str, str], name: str) -> bool:
    return bool(environment.get(name) or environment.get(f"{name}_FILE"))


def _web(home: Home, port: int, environment: Mapping[str, str]) -> Program:
    words = ("-m", "gunicorn", "--config", "python:config.web")
    return _python(
        home,
        "web",
        words,
        {**environment, "COUNTERSIGN_PROCESS": "web"},
        is_ready=partial(answers, port, "/healthz"),
    )


def _worker(home: Home, environment: Mapping[str, str]) -> Program:
    words = (
        *("-m", "celery", "-A", "config", "worker", "--queues", "soon,awaited,celery"),
        *("--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),  # there is no other worker to hear of
    )
    # SIGTERM then means: hand back what is unfinished soon, instead of finishing it first.
    return _python(home, "worker", words, {**environment, "REMAP_SIGTERM": "SIGQUIT"})


def _beat(home: Home, environment: Mapping[str, str]) -> Program:
    schedule = str(home.root / "beat-schedule")
    # No pid file: one that outlives a kill would forbid the next start.
    words = ("-m", "celery", "-A", "config", "beat", "--schedule", schedule, "--pidfile=")
    return _python(home, "beat", words, environment)


def main() -> int:
    """Return the exit status: 0 after a stop that was asked for."""
    try:
        run(plan_from(os.environ))
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
