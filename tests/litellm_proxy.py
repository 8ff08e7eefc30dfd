"""LiteLLM's proxy with models that give a set answer: an OpenAI endpoint that nobody here wrote."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from config.local.home import CLONE
from tests.peers import free_port
from tests.stack import wait_until

PROGRAM = CLONE / ".venv-proxy/bin/litellm"
KEY = "sk-of-the-proxy"
# Its first start compiles some thousand modules.
PATIENCE_S = 150


@contextmanager
def litellm_proxy(folder: Path, answers: Mapping[str, Any]) -> Iterator[str]:
    """Yield the base URL of a running proxy. answers: what each of its models says, as JSON."""
    if not PROGRAM.exists():
        pytest.fail("The proxy is not installed: run sh config/local/install.sh proxy.")
    (folder / "config.yaml").write_text(json.dumps(_config(answers)), encoding="utf-8")
    port = free_port()
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(
            [str(PROGRAM), "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            env=_environment(folder),
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: _is_up(process, port), "the proxy is up", patience_s=PATIENCE_S)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def _config(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return its configuration; JSON is YAML as well."""
    models = [
        {
            "model_name": name,
            "litellm_params": {
                "model": "openai/mock",
                "api_key": "none",
                "mock_response": json.dumps(answer),
            },
        }
        for name, answer in answers.items()
    ]
    return {"model_list": models, "general_settings": {"master_key": KEY}}


def _environment(folder: Path) -> dict[str, str]:
    nowhere = f"http://127.0.0.1:{free_port()}"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        # Whatever it might still ask of the network meets a closed door.
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1",
    }


def _is_up(process: subprocess.Popen[bytes], port: int) -> bool:
    assert process.poll() is None, "the proxy ended while it started"
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=5) as up:
            return bool(up.status == 200)
    except OSError:
        return False
