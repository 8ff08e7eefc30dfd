"""The direction of the rooms holds for the database too, and settings are all documented."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOMS = ("review", "agents", "memory", "observability")


def room_of(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def test_foreign_keys_point_right_only() -> None:
    wrong = [
        f"{model.__name__}.{field.name} → {field.related_model.__name__}"
        for model in apps.get_models()
        if room_of(model.__module__) in ROOMS
        for field in model._meta.get_fields()
        if field.is_relation
        and not field.auto_created
        and field.related_model
        and room_of(field.related_model.__module__) in ROOMS
        and ROOMS.index(room_of(field.related_model.__module__))
        < ROOMS.index(room_of(model.__module__))
    ]
    assert wrong == []


def test_every_environment_name_is_in_the_example() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in (settings.BASE_DIR / "config").rglob("*.py")
    )
    read = set(re.findall(r"""(?:env\.\w+|required_secret|_is_given)\(\s*"([A-Z_]+)""", code))
    read |= set(re.findall(r"""environ(?:ment)?\.get\("([A-Z_]+)""", code))
    internal = {"PATH", "COUNTERSIGN_PROCESS", "COUNTERSIGN_SUPERVISED"}
    example = (settings.BASE_DIR / ".env.example").read_text(encoding="utf-8")
    listed = set(re.findall(r"^#?\s?([A-Z_]+)=", example, re.MULTILINE))
    assert read - internal - listed == set()
    assert listed - read == set()


@pytest.mark.parametrize("module", ["litellm", "sklearn", "model2vec", "plotly"])
def test_heavy_libraries_stay_out_of_web_start_up(module: str) -> None:
    """Each costs seconds and up to 190 MB; only workers need them."""
    program = f"import config.asgi, sys; sys.exit({module!r} in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=settings.BASE_DIR, check=False, timeout=60
    )
    assert run.returncode == 0


def test_no_model_is_named_outside_configuration() -> None:
    names = re.compile(r"gpt-|claude-|gemini|mistral|(?<!o)llama|countersign\"?\s*#?\s*model", re.I)
    named = [
        str(path.relative_to(settings.BASE_DIR))
        for room in (*ROOMS, "config")
        for path in (settings.BASE_DIR / room).rglob("*.py")
        if "migrations" not in Path(path).parts and names.search(path.read_text(encoding="utf-8"))
    ]
    assert named == []
