import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from config.local.home import CLONE

PIP = """#!/bin/sh
echo "$@" >> calls
[ ! -e broken ] || case "$*" in *install*) echo "no matching distribution"; exit 1;; esac
"""
OLD = '#!/bin/sh\ncase "$2" in *version_info*) exit 1;; esac\n'
NO_VENV = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n'


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that was set up with a Python which only writes down what it is asked."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text(f"one==1 \\\n    --hash=sha256:{name}\n")
    program(tmp_path / ".venv/bin/python", PIP)
    return tmp_path


def program(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)
    return file


def install(clone: Path, what: str = "run", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(CLONE / "config/local/install.sh"), what],
        cwd=clone,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def installed(clone: Path) -> list[str]:
    calls = clone / "calls"
    words = re.findall(r"--requirement (\S+)", calls.read_text()) if calls.exists() else []
    calls.unlink(missing_ok=True)
    return words


def test_packages_are_installed_once_and_again_when_the_list_changes(clone: Path) -> None:
    assert "Installing 1 packages" in install(clone).stdout
    assert installed(clone) == ["requirements.txt"]
    assert install(clone).stdout == ""
    assert installed(clone) == []
    (clone / "requirements.txt").write_text("one==2 \\\n    --hash=sha256:x\n")
    install(clone)
    assert installed(clone) == ["requirements.txt"]


def test_the_longer_list_serves_a_run_too(clone: Path) -> None:
    install(clone, "dev")
    assert installed(clone) == ["requirements-dev.txt"]
    assert install(clone).stdout == ""
    assert installed(clone) == []


def test_the_proxy_of_the_tests_has_an_environment_of_its_own(clone: Path) -> None:
    (clone / "tests").mkdir()
    (clone / "tests/litellm-proxy.txt").write_text("one==1 \\\n    --hash=sha256:x\n")
    program(clone / ".venv-proxy/bin/python", PIP)
    install(clone)
    assert installed(clone) == ["requirements.txt"]
    install(clone, "proxy")
    assert installed(clone) == ["tests/litellm-proxy.txt"]
    assert install(clone, "proxy").stdout == install(clone).stdout == ""
    assert installed(clone) == []


def test_a_failed_installation_is_shown_and_tried_again(clone: Path) -> None:
    (clone / "broken").touch()
    done = install(clone)
    assert done.returncode == 1
    assert "no matching distribution" in done.stderr
    assert "packages could not be installed" in done.stderr
    (clone / "broken").unlink()
    assert install(clone).returncode == 0
    assert len(installed(clone)) == 2


@pytest.mark.parametrize(
    ("python", "said"),
    [
        (OLD, "needs Python 3.11 or newer"),
        (NO_VENV, "has no venv module"),
        (None, "needs Python 3.11 or newer"),
    ],
)
def test_a_python_that_will_not_do_is_named(clone: Path, python: str | None, said: str) -> None:
    shutil.rmtree(clone / ".venv")
    chosen = clone / "python"
    if python:
        program(chosen, python)
    done = install(clone, PYTHON=str(chosen))
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_browser_that_is_there_is_not_installed(clone: Path) -> None:
    program(clone / "bin/chromium", "#!/bin/sh\n")
    done = install(clone, "browser", PATH=f"{clone / 'bin'}:/bin")
    assert (done.returncode, done.stdout) == (0, "")


def make(target: str) -> str:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("_API_KEY") and not name.startswith(("MAKE", "COUNTERSIGN_LIVE"))
    }
    done = subprocess.run(
        ["make", "--silent", "-C", str(CLONE), target],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_help_names_every_target() -> None:
    makefile = (CLONE / "Makefile").read_text()
    targets = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)
    assert re.findall(r"make ([a-z]+)", make("help")) == targets


def test_live_checks_without_a_key_say_that_they_did_not_run() -> None:
    assert make("live") == "not run: no provider key\n"
