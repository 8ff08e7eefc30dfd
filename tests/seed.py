"""What the workers of a run start from, made once for all of them.

A cluster with two databases: one has the schema, the other the demo as well. Where there are no
workers, nothing is sown, and whoever needs a database makes all of it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import psycopg

from config.local.home import CLONE, Home, Role
from config.local.processes import wait_until

PLACE = "COUNTERSIGN_TEST_SEED"
MIGRATED, DEMO = "seed_migrated", "seed_demo"
MADE, FAILED, LOG = "made", "failed", "seeding.log"
PATIENCE_S = 300
# What is a home's own.
NOT_SOWN = ("lock", "processes.json", "logs", "redis", "secrets", LOG, MADE, FAILED)


def start_making(home: Home) -> subprocess.Popen[bytes]:
    """Make the seed in this home, in a process of its own; whoever is started later knows of it."""
    for role in get_args(Role):
        home.password(role)
    os.environ[PLACE] = str(home.root)
    with (home.root / LOG).open("wb") as log:
        command = [sys.executable, "-m", "tests.seeding"]
        return subprocess.Popen(command, cwd=CLONE, stdout=log, stderr=log)


def stop_making(making: subprocess.Popen[bytes]) -> None:
    """Return with the making ended, done or not."""
    making.terminate()
    making.wait()


def share_passwords(home: Home) -> None:
    """Give a new home the passwords that the seed's cluster knows."""
    if PLACE in os.environ:
        shutil.copytree(Path(os.environ[PLACE], "secrets"), home.secrets)


def sow(home: Home) -> None:
    """Return with the seed in a new home, once it is made."""
    if PLACE not in os.environ:
        return
    seed = Path(os.environ[PLACE])
    wait_until(lambda: (seed / MADE).exists() or (seed / FAILED).exists(), PATIENCE_S)
    assert (seed / MADE).exists(), (seed / LOG).read_text(encoding="utf-8")
    ignored = shutil.ignore_patterns(*NOT_SOWN)
    shutil.copytree(seed, home.root, ignore=ignored, dirs_exist_ok=True)


def make_database(home: Home, name: str, template: str) -> bool:
    """Make the database anew; return whether this home had the template for it."""
    owner = home.database_url("countersign_owner", "countersign")
    with psycopg.connect(owner, autocommit=True) as connection:
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [template])
        is_known = known.fetchone() is not None
        copied = f'TEMPLATE "{template}"' if is_known else ""
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" {copied}')
    return is_known
