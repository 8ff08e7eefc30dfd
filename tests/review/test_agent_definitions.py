"""Definitions in the database: installed once, changed by files and forms, compared with both."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from agents.definition_files import read
from agents.errors import UnfitDefinition
from agents.models import Agent, Category
from review import agent_definitions
from review.models import AuditEntry, Queue
from tests.builders import make_agent, make_person, make_queue

pytestmark = pytest.mark.django_db

FILE = """
slug: returns
name: Returns
job: Decide on returns.
metric: The share of returns decided as proposed.
measure: actions
does_not: [Pays nothing.]
fallback_queue: care
owner: nora
categories:
  - {slug: damaged, name: Damaged, description: It came broken., queue: care}
"""


@pytest.fixture
def nora(installed: Agent) -> User:
    return make_person("nora", "admin")


def test_what_ships_is_installed_once_and_never_overwritten() -> None:
    agent_definitions.install_missing(demo=False)
    triage = Agent.objects.get(slug="triage")
    assert (triage.status, triage.measure, triage.fallback_queue) == ("live", "drafts", "inbox")
    assert Queue.objects.filter(slug="inbox").exists()
    assert AuditEntry.objects.filter(action="agent.installed", actor=None).exists()
    assert agent_definitions.changes_since_release(triage) == []
    triage.job = "Do something else."
    triage.save()
    assert agent_definitions.install_missing(demo=False) == []
    triage.refresh_from_db()
    (found,) = agent_definitions.changes_since_release(triage) or []
    assert (found.label, found.after) == ("Job", "Do something else.")


def test_a_file_makes_a_draft_with_its_categories(nora: User) -> None:
    stored = agent_definitions.load(read(FILE))
    assert (stored.is_new, stored.agent.status, stored.agent.owner) == (True, "draft", nora)
    assert Category.objects.get(agent=stored.agent).queue == "care"
    assert agent_definitions.changes_since_release(stored.agent) is None


def test_what_the_page_gives_loads_without_a_change(nora: User) -> None:
    agent = agent_definitions.load(read(FILE)).agent
    text = agent_definitions.file_of(agent)
    assert agent_definitions.load(read(text)).differences == ()
    assert agent_definitions.definition_of(agent) == read(text)


def test_a_file_changes_what_it_says_and_keeps_the_rest(nora: User) -> None:
    agent = agent_definitions.load(read(FILE)).agent
    Category.objects.create(agent=agent, slug="late", name="Late", description="L", queue="care")
    stored = agent_definitions.load(read(FILE.replace("It came broken.", "In pieces.")), nora)
    assert [one.label for one in stored.differences] == ["Category damaged"]
    assert stored.kept == ["late"]
    assert Category.objects.get(agent=agent, slug="damaged").description == "In pieces."
    entry = AuditEntry.objects.get(action="agent.loaded")
    assert entry.actor == nora
    assert entry.before != entry.after
    assert entry.detail["changes"][0][0] == "Category damaged"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("queue: care}", "queue: nowhere}", "queue: there is no queue called nowhere."),
        ("fallback_queue: care", "fallback_queue: gone", "there is no queue called gone."),
        ("owner: nora", "owner: nobody", "owner: there is nobody called nobody."),
    ],
)
def test_a_file_that_names_what_is_not_here_changes_nothing(
    nora: User, old: str, new: str, said: str
) -> None:
    with pytest.raises(UnfitDefinition, match=said):
        agent_definitions.load(read(FILE.replace(old, new)))
    assert not Agent.objects.filter(slug="returns").exists()


def test_a_live_agent_keeps_its_job(nora: User) -> None:
    agent = make_agent()
    make_queue("care")
    with pytest.raises(UnfitDefinition, match="pause it first"):
        agent_definitions.load(read("slug: triage\nname: Triage\nmetric: Few edits."))
    agent.refresh_from_db()
    assert agent.job


def test_the_command_says_what_changed(
    nora: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "agent.yaml"
    file.write_text(FILE, encoding="utf-8")
    call_command("load_agent", str(file))
    assert "Returns is installed as a draft." in capsys.readouterr().out
    file.write_text(FILE.replace("Pays nothing.", "Pays no one."), encoding="utf-8")
    call_command("load_agent", str(file))
    assert capsys.readouterr().out == ("What it does not do: Pays no one. (was: Pays nothing.)\n")
    call_command("load_agent", str(file))
    assert "Nothing was changed." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: B\ncolour: red\ndoes: 7", "- colour: an agent has no such field.\n- does: give"),
        (None, "cannot be read as text"),
    ],
)
def test_the_command_refuses_with_a_sentence_a_fault(
    tmp_path: Path, text: str | None, said: str
) -> None:
    file = tmp_path / "agent.yaml"
    if text is None:
        file.write_bytes(b"\xff\xfe\x00")
    else:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        call_command("load_agent", str(file))
    assert said in str(caught.value)
    assert "Nothing was changed." in str(caught.value)
