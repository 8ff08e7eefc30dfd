"""Importing files: good lines in, bad ones named, an interruption harmless."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agents.evals.models import Example
from agents.models import Agent, Run
from review import intake
from review.management.commands import import_tickets
from review.models import Ticket

pytestmark = pytest.mark.django_db


def line(number: int, **changes: Any) -> str:
    ticket = {
        "external_id": f"line-{number}",
        "subject": f"Ticket {number}",
        "body": "Where is it?",
        "customer": {"email": "ada@lovelace.example"},
        "source": "file",
        **changes,
    }
    return json.dumps(ticket, ensure_ascii=False)


def write(folder: Path, *lines: str, name: str = "tickets.jsonl") -> Path:
    path = folder / name
    text = "\n".join(lines) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def run_import(path: Path) -> int:
    """Return the command's exit code."""
    try:
        call_command("import_tickets", str(path))
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.mark.parametrize("name", ["tickets.jsonl", "tickets.jsonl.gz"])
def test_every_line_becomes_a_ticket_with_a_run(
    installed: Agent, tmp_path: Path, name: str
) -> None:
    assert run_import(write(tmp_path, line(1), "", line(2), name=name)) == 0
    assert (Ticket.objects.count(), Run.objects.filter(status="queued").count()) == (2, 2)


def test_bad_lines_are_named_skipped_and_told_by_the_exit_code(
    installed: Agent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(
        tmp_path,
        line(1),
        "{broken",
        line(3, customer={"email": "x"}),
        line(4, body=""),
        line(5),
        "[" * 100_000,
        '{"body": ' + "9" * 5000 + "}",
    )
    assert run_import(path) == 1
    told = capsys.readouterr()
    assert "line 2: is not JSON" in told.err
    assert "line 3: customer.email: is not an e-mail address" in told.err
    assert "line 4: body" in told.err
    assert "line 6: is not JSON" in told.err
    assert "2 tickets imported, 0 were here already, 5 bad lines skipped" in told.out
    assert Ticket.objects.count() == 2


def test_the_same_file_again_adds_nothing(
    installed: Agent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, line(1), line(2))
    assert run_import(path) == 0
    assert run_import(path) == 0
    assert "0 tickets imported, 2 were here already" in capsys.readouterr().out
    assert Run.objects.count() == 2


def test_an_interrupted_import_goes_on_where_it_stopped(
    installed: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, *(line(number) for number in range(1, 6)))
    accept = intake.accept_ticket

    def interrupted(new: Any) -> Any:
        if new.external_id == "line-3":
            raise KeyboardInterrupt
        return accept(new)

    with monkeypatch.context() as patch:
        patch.setattr(import_tickets, "accept_ticket", interrupted)
        assert run_import(path) == 130
    assert Ticket.objects.count() == 2
    assert run_import(path) == 0
    assert (Ticket.objects.count(), Run.objects.count()) == (5, 5)


def test_turns_stand_in_the_order_they_were_written(installed: Agent, tmp_path: Path) -> None:
    turns = [
        {"from": "customer", "body": "after, undated"},
        {"from": "agent", "body": "before", "at": "2026-11-01T09:00:00+01:00"},
    ]
    ticket = line(1, received_at="2026-11-01T10:00:00+01:00", messages=turns)
    run_import(write(tmp_path, ticket))
    messages = Ticket.objects.get().messages.all()
    assert [m.body.content for m in messages] == ["before", "Where is it?", "after, undated"]


def test_a_queue_that_is_not_here_is_left_to_the_agent_and_told(
    installed: Agent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_import(write(tmp_path, line(1, queue="nowhere"))) == 0
    assert Ticket.objects.get().queue is None
    assert "nowhere (1)" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, b"\x1f\x8bnot really gzip"])
def test_a_file_that_cannot_be_read_is_one_sentence(
    installed: Agent, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "tickets.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_tickets", str(path))


def test_examples_with_a_broken_template_are_bad_lines(
    installed: Agent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "replies.jsonl"
    good = {"text": "Wo ist mein Paket?", "label": "delivery"}
    lines = [
        {**good, "reply": "Guten Tag {customer_name|zusammen}, Ihr Paket ist unterwegs."},
        {**good, "reply": "Hallo {customer_name"},
        {**good, "reply": "Hallo {shoe_size|du}"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in lines), encoding="utf-8")
    with pytest.raises(SystemExit):
        call_command("import_examples", "triage", str(path), dataset="past-replies")
    assert "line 2: reply" in (told := capsys.readouterr().err)
    assert "line 3: reply: There is no slot shoe_size" in told
    assert Example.objects.get().fields == {"language": "de"}


def test_examples_are_added_once(installed: Agent, tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text('{"text": "Where is it?", "label": "delivery"}\n{"text": "Bill?"}\n')
    for _ in range(2):
        call_command("import_examples", "triage", str(path), dataset="examples")
    assert Example.objects.count() == 2
