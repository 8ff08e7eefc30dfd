"""Where a local instance keeps its data, its secrets and its sockets. Standard library only."""

import hashlib
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from config.local.errors import LocalError

CLONE = Path(__file__).resolve().parents[2]
DATABASE = "countersign"

# postgres: superuser, used by the start-up alone. countersign: the application. countersign_owner:
# owns database and schema and migrates. countersign_eraser: erases payload rows.
Role = Literal["postgres", "countersign", "countersign_owner", "countersign_eraser"]


@dataclass(frozen=True)
class Home:
    """One local instance's folders. root: absolute, symbolic links resolved."""

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.root.expanduser().resolve())

    @classmethod
    def from_environment(cls) -> "Home":
        """Return the home that COUNTERSIGN_HOME names, else `.local` in the clone."""
        named = os.environ.get("COUNTERSIGN_HOME", "").strip()
        return cls(Path(named) if named else CLONE / ".local")

    @property
    def postgres(self) -> Path:
        """Return PostgreSQL's data folder."""
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        """Return Redis's data folder."""
        return self.root / "redis"

    @property
    def logs(self) -> Path:
        """Return the folder of log files."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """Return the folder of passwords and keys."""
        return self.root / "secrets"

    @property
    def runtime(self) -> Path:
        """Return the folder of the sockets, not necessarily made yet.

        A socket's path may have 107 bytes, a home's path any number: so sockets live in a folder
        with a short name under the system's temporary one. Raises LocalError if the folder exists
        and another account could have made it.
        """
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:10]
        folder = _system_temporary() / f"countersign-{os.getuid()}-{digest}"
        if folder.exists() or folder.is_symlink():
            check_private(folder)
        return folder

    @property
    def postgres_sockets(self) -> Path:
        """Return the folder of PostgreSQL's socket."""
        return self.runtime / "postgres"

    @property
    def redis_socket(self) -> Path:
        """Return Redis's socket."""
        return self.runtime / "redis.sock"

    def database_url(self, role: Role = "countersign", database: str = DATABASE) -> str:
        """Return a libpq URL over the Unix socket, the role's password included."""
        host = quote(str(self.postgres_sockets), safe="")
        return f"postgresql://{role}:{self.password(role)}@/{database}?host={host}"

    def redis_url(self) -> str:
        """Return the URL that redis-py and channels-redis understand."""
        return f"unix://{self.redis_socket}"

    def password(self, role: Role) -> str:
        """Return the role's password, made on first use; URL-safe characters only."""
        return self._secret(f"postgres-{role}", 32)

    def secret_key(self) -> str:
        """Return this home's signing key, made on first use."""
        return self._secret("secret-key", 64)

    def has_secret_key(self) -> bool:
        """Return whether this home was set up before."""
        return (self.secrets / "secret-key").exists()

    def _secret(self, name: str, size: int) -> str:
        file = self.secrets / name
        try:
            return file.read_text(encoding="ascii")
        except FileNotFoundError:
            make_private(self.root)
            make_private(self.secrets)
            _write_once(file, secrets.token_urlsafe(size))
            return file.read_text(encoding="ascii")
        except PermissionError as error:
            raise LocalError(
                f"{file} is not readable by this account: run as its owner."
            ) from error


def make_private(folder: Path) -> None:
    """Make the folder for this account alone (0700) unless it exists. Raises LocalError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LocalError(
            f"The folder {folder} cannot be made ({error.strerror}): set COUNTERSIGN_HOME to a"
            " folder this account can write."
        ) from error
    check_private(folder)


def check_private(folder: Path) -> None:
    """Return if the folder is a real one, this account's, and nobody else may write in it."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise LocalError(f"{folder} is not a folder: remove it and start again.")
    if found.st_uid != os.getuid():
        raise LocalError(f"{folder} belongs to another account: run as its owner, or remove it.")
    if found.st_mode & 0o022:
        raise LocalError(f"Other accounts may write in {folder}: run chmod 700 on it first.")


def _system_temporary() -> Path:
    # Not TMPDIR first: two shells with different ones must meet at the same sockets.
    shared = Path("/tmp")  # noqa: S108 - the folder made in it is private and its owner is checked
    return shared if os.access(shared, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


def _write_once(file: Path, text: str) -> None:
    """Write the file whole and 0600, unless another process was first."""
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".draft-")
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
