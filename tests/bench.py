"""`make bench`: what the main paths cost, each beside its raw limit from the same run."""

import os
import tempfile
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
            import django

            django.setup()
            from django.core.management import call_command

            call_command("prepare", verbosity=0)
            from config import celery  # noqa: F401 - the import publishes to its broker
            from tests import benchmarks

            with psycopg.connect(home.database_url("countersign_owner")) as raw:
                benchmarks.print_all(raw, home)


if __name__ == "__main__":
    main()
