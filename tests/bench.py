"""`make bench`: what the main paths cost, each beside its raw limit from the same run."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from config.local.home import Home
from config.local.servers import running_servers


def main() -> None:
    """Start servers of its own, measure, print a line a figure."""
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        home = Home(Path(folder))
        os.environ |= {"COUNTERSIGN_HOME": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
        with running_servers(home):
            import django  # noqa: PLC0415 - settings need the servers' addresses

            django.setup()
            from django.core.management import call_command  # noqa: PLC0415

            call_command("prepare", verbosity=0)
            from tests import benchmarks  # noqa: PLC0415 - needs Django set up

            with psycopg.connect(home.database_url("countersign_owner")) as raw:
                benchmarks.print_all(raw)


def rate(work: Callable[[], int]) -> float:
    """Return how many things a second the work does; it returns how many it did."""
    started = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
