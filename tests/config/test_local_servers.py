import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from redis import Redis
from redis.exceptions import ResponseError

from config.local import checks, postgres
from config.local.errors import LocalError
from config.local.home import CLONE, Home, Role
from config.local.processes import Identity, identify, wait_until
from config.local.servers import roster_of, running_servers

STARTER = """
import sys, time
from pathlib import Path
from config.local.home import Home
from config.local.servers import running_servers
with running_servers(Home(Path(sys.argv[1])), durable=False):
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A running home whose path is long, has spaces and is not ASCII."""
    home = Home(tmp_path_factory.mktemp("home").joinpath(*["Ein längerer Ordner"] * 8))
    with running_servers(home, durable=False):
        yield home
    assert not home.runtime.exists()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a cluster and nothing running."""
    home = Home(tmp_path_factory.mktemp("stopped"))
    # What an initdb that was killed leaves behind must not prevent the next one.
    (home.root / "postgres.draft" / "base").mkdir(parents=True)
    (home.root / "postgres.draft").chmod(0o700)
    with running_servers(home, durable=False):
        pass
    return home


def as_role(home: Home, role: Role) -> psycopg.Connection:
    return psycopg.connect(home.database_url(role), autocommit=True)


def servers_of(home: Home) -> dict[str, Identity]:
    found = roster_of(home).read()
    assert set(found) == {"PostgreSQL", "Redis"}
    return found


def test_application_uses_the_owners_tables_and_no_more(home: Home) -> None:
    with as_role(home, "countersign_owner") as owner, as_role(home, "countersign") as app:
        owner.execute("CREATE TABLE facts (id bigserial PRIMARY KEY, at halfvec(2))")
        app.execute("INSERT INTO facts (at) VALUES ('[1,2]')")
        assert app.execute("SELECT count(*) FROM facts").fetchone() == (1,)
        for forbidden in (
            "TRUNCATE facts",
            "DROP TABLE facts",
            "ALTER TABLE facts ADD more text",
            "CREATE TABLE own (id int)",
            "DROP EXTENSION vector",
            "CREATE ROLE another SUPERUSER",
            "SET ROLE countersign_owner",
            "COPY facts TO PROGRAM 'cat'",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(forbidden)


@pytest.mark.parametrize("role", ["countersign", "countersign_owner", "countersign_eraser"])
def test_no_login_role_is_superuser(home: Home, role: Role) -> None:
    with as_role(home, role) as connection:
        query = "SELECT rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = %s"
        assert connection.execute(query, [role]).fetchone() == (False, False, False)


def test_a_database_the_owner_makes_knows_vectors_and_the_application(home: Home) -> None:
    with as_role(home, "countersign_owner") as owner:
        owner.execute("CREATE DATABASE made_by_tests")
    with psycopg.connect(home.database_url("countersign_owner", "made_by_tests")) as made:
        made.execute("CREATE TABLE v (at vector(2))")
    with psycopg.connect(home.database_url("countersign", "made_by_tests")) as app:
        app.execute("INSERT INTO v VALUES ('[1,2]')")


def test_a_wrong_password_is_refused(home: Home) -> None:
    right = home.password("countersign")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(home.database_url("countersign").replace(right, "guess"))


def test_postgres_keeps_what_it_acknowledged(home: Home) -> None:
    with as_role(home, "countersign") as connection:
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
    told = " ".join(postgres.program(home).command)
    assert not any(f"--{name}=off" in told for name in ("fsync", "synchronous_commit"))


def test_redis_is_journaled_never_evicts_and_withholds_its_inside(home: Home) -> None:
    with Redis.from_url(home.redis_url()) as client:
        assert client.info("persistence")["aof_enabled"] == 1
        assert client.info("memory")["maxmemory_policy"] == "noeviction"
        with pytest.raises(ResponseError, match="unknown command"):
            client.config_get("dir")


def test_no_server_listens_on_the_network(home: Home) -> None:
    listening = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        rows = Path("/proc/net", table).read_text().splitlines()[1:]
        listening |= {f"socket:[{row.split()[9]}]" for row in rows}
    for identity in servers_of(home).values():
        handles = Path(f"/proc/{identity.pid}/fd").iterdir()
        assert not listening & {str(handle.readlink()) for handle in handles}


def test_only_this_account_reaches_files_and_sockets(home: Home) -> None:
    folders = [home.root, home.secrets, home.logs, home.postgres, home.redis, home.runtime]
    sockets = [home.redis_socket, home.postgres_sockets / ".s.PGSQL.5432"]
    for private in (*folders, *sockets, home.postgres_sockets):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700, private
    for file in (*home.secrets.iterdir(), *home.logs.iterdir(), home.root / "processes.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_no_secret_shows_in_the_process_list(home: Home) -> None:
    secrets = [file.read_bytes() for file in home.secrets.iterdir()]
    assert secrets
    for identity in servers_of(home).values():
        for place in ("cmdline", "environ"):
            shown = Path(f"/proc/{identity.pid}/{place}").read_bytes()
            assert not any(secret in shown for secret in secrets)


def test_a_second_start_is_refused(home: Home) -> None:
    with (
        pytest.raises(LocalError, match=rf"already running \(pid {os.getpid()}\)"),
        running_servers(home),
    ):
        pass


def test_a_server_ends_with_its_killed_starter(stopped: Home) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(stopped.root)], stdout=subprocess.PIPE, cwd=CLONE
    )
    assert starter.stdout
    with starter.stdout:
        assert starter.stdout.readline() == b"up\n"
    started = servers_of(stopped).values()
    assert all(identity.is_running() for identity in started)
    starter.kill()
    starter.wait()
    assert wait_until(lambda: not any(one.is_running() for one in started), 10)


def test_a_stranger_with_a_recycled_pid_lives_on(stopped: Home) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        now = identify(stranger.pid)
        assert now
        # The files of a start whose pids now belong to somebody else.
        earlier = Identity(**{**vars(now), "started": now.started - 1})
        roster_of(stopped).add("PostgreSQL", earlier)
        lock = stopped.postgres / "postmaster.pid"
        lock.write_text(f"{stranger.pid}\n{stopped.postgres}\n1\n5432\n")
        with running_servers(stopped, durable=False):
            assert stranger.poll() is None
        assert stranger.poll() is None
        stranger.kill()


def test_what_an_earlier_start_left_running_is_ended(stopped: Home) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as left:
        found = identify(left.pid)
        assert found
        roster_of(stopped).add("worker", found)
        with running_servers(stopped, durable=False):
            # By SIGINT, or at last by SIGKILL where the tests' own parent ignores SIGINT.
            assert left.wait(timeout=1) in {-signal.SIGINT, -signal.SIGKILL}


def test_a_folder_without_a_cluster_is_not_touched(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.postgres.mkdir()
    precious = home.postgres / "thesis.txt"
    precious.write_text("years of work")
    with pytest.raises(LocalError, match="no PostgreSQL cluster"), running_servers(home):
        pass
    assert precious.read_text() == "years of work"


def test_lost_passwords_are_named(stopped: Home) -> None:
    file = stopped.secrets / "postgres-postgres"
    right = file.read_text()
    file.write_text("lost")
    try:
        with (
            pytest.raises(LocalError, match="does not accept the passwords"),
            running_servers(stopped, durable=False),
        ):
            pass
    finally:
        file.write_text(right)


def test_a_damaged_redis_journal_is_set_aside_not_fatal(stopped: Home) -> None:
    [journal] = [file for file in stopped.redis.rglob("*.aof") if file.is_file()]
    journal.write_bytes(b"*3\r\n$3\r\nSET\r\nnothing of Redis\r\n" * 9)
    with running_servers(stopped, durable=False), Redis.from_url(stopped.redis_url()) as client:
        assert client.dbsize() == 0
    [aside] = stopped.root.glob("redis.damaged-*")
    assert journal.name in {file.name for file in aside.rglob("*.aof")}


@pytest.mark.skipif(os.getuid() != 0, reason="only root needs another account")
def test_root_without_user_namespaces_runs_postgres_as_another_account(
    stopped: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_namespace", lambda: ("false",))
    postgres._wrapper.cache_clear()
    try:
        with running_servers(stopped, durable=False):
            pid = servers_of(stopped)["PostgreSQL"].pid
            assert Path(f"/proc/{pid}").stat().st_uid != 0
    finally:
        postgres._wrapper.cache_clear()


@pytest.mark.skipif(os.getuid() != 0, reason="only root needs another account")
def test_root_with_neither_way_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for way in ("_namespace", "_lower_account"):
        monkeypatch.setattr(postgres, way, lambda: ("false",))
    postgres._wrapper.cache_clear()
    try:
        with pytest.raises(LocalError, match="run as an ordinary user, or set DATABASE_URL"):
            postgres._wrapper()
    finally:
        postgres._wrapper.cache_clear()


def test_too_full_a_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SPACE_NEEDED_MB", 10**9)
    with pytest.raises(LocalError, match=r"MB of free space and needs 1000000000 MB"):
        checks.check_space(Home(tmp_path))
