import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from config.local.errors import LocalError
from config.local.home import CLONE, Home


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_home_is_in_the_clone_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("COUNTERSIGN_HOME", raising=False)
    assert Home.from_environment().root == CLONE / ".local"
    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path / "elsewhere"))
    assert Home.from_environment().root == tmp_path / "elsewhere"


def test_one_home_has_one_runtime_folder_whatever_path_leads_to_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    expected = Home(tmp_path / "real").runtime
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert Home(tmp_path / "link").runtime == expected
    assert Home(tmp_path / "other").runtime != expected


def test_sockets_have_short_paths_in_a_deep_home(tmp_path: Path) -> None:
    home = Home(tmp_path.joinpath(*["a long folder name"] * 20))
    assert len(os.fsencode(home.postgres_sockets / ".s.PGSQL.5432.lock")) < 107
    assert len(os.fsencode(home.redis_socket)) < 107


def test_database_url_names_role_password_and_socket_folder(tmp_path: Path) -> None:
    home = Home(tmp_path / "with space & ümlaut")
    parts = conninfo_to_dict(home.database_url("countersign_owner"))
    assert parts == {
        "user": "countersign_owner",
        "password": home.password("countersign_owner"),
        "dbname": "countersign",
        "host": str(home.postgres_sockets),
    }


def test_secrets_are_kept_differ_and_are_private(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    key = home.secret_key()
    assert len(key) >= 50
    assert Home(tmp_path / "home").secret_key() == key
    assert home.password("countersign") != home.password("countersign_owner")
    assert mode(home.root) == mode(home.secrets) == 0o700
    assert {mode(file) for file in home.secrets.iterdir()} == {0o600}


def test_processes_that_ask_first_together_get_one_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from config.local.home import Home;"
        "print(Home(Path(sys.argv[1])).secret_key())"
    )
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "home")],
            stdout=subprocess.PIPE,
            cwd=CLONE,
            text=True,
        )
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in asking}) == 1


def test_a_runtime_folder_that_others_could_have_made_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    folder = home.runtime
    folder.symlink_to(tmp_path)
    try:
        with pytest.raises(LocalError, match="not a folder"):
            home.redis_url()
        folder.unlink()
        folder.mkdir()
        folder.chmod(0o777)
        with pytest.raises(LocalError, match="Other accounts may write"):
            home.redis_url()
        if os.getuid() == 0:
            folder.chmod(0o700)
            os.chown(folder, 65534, 65534)
            with pytest.raises(LocalError, match="belongs to another account"):
                home.redis_url()
    finally:
        folder.unlink() if folder.is_symlink() else folder.rmdir()
