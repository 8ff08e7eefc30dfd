"""What the drafts are worth with no key: the promise of docs/draft-quality.md, and the command."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from agents import runner
from agents.local_model import training
from agents.models import Agent
from agents.results import RunResult
from review.demo import files
from review.demo.load import load_demo
from review.draft_quality.answers import Answer, countersign
from review.draft_quality.corpus import Case, demo_corpus
from review.draft_quality.figures import measure
from review.intake import accept_ticket

DATA = Path(django_settings.BASE_DIR).parent / "shared" / "data"

TOPICS = {
    "parcel": "The tracking link of your parcel is in your account, under Orders.",
    "refund": "Refunds take five working days once the return has arrived.",
    "invoice": "You can download every invoice from your account as a PDF.",
}
QUESTIONS = (
    "Where is my {0}?",
    "I have a question about the {0} I was promised",
    "No {0} came, please help",
    "Can you send me news of the {0} today",
    "{0} still missing after two weeks",
    "What happened to my {0}, nobody answers",
    "Who do I ask about a {0}?",
    "My {0} was due on Monday",
)


def run(*arguments: object) -> str:
    printed = io.StringIO()
    call_command("evaluate_drafts", *map(str, arguments), stdout=printed)
    return printed.getvalue()


def figures(*arguments: object) -> Any:
    return json.loads(run(*arguments, "--json"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Twenty-four questions on three topics, each with its reply."""
    path = tmp_path / "qa.jsonl.gz"
    with gzip.open(path, "wt") as stream:
        for topic, reply in TOPICS.items():
            for number, question in enumerate(QUESTIONS):
                line = {
                    "id": f"{topic}-{number}",
                    "asked": f"@shop {question.format(topic)}",
                    "answer": f"@customer {reply}",
                    "topic": topic,
                }
                stream.write(json.dumps(line) + "\n")
    return path


def options(file: Path) -> tuple[object, ...]:
    fields = ("--question-field", "asked", "--reply-field", "answer", "--group-field", "topic")
    return ("--file", file, *fields, "--folds", 4, "--strip", r"@\w+")


def test_the_demo_gets_its_right_reply_or_article_without_a_key() -> None:
    """The floor is the promise; the baselines are what is had without any of our work."""
    report = figures("--demo")
    ours, frequent, nearest = report["figures"].values()
    assert ours["cases"] >= 70
    assert ours["right_ratio"] >= 0.8
    assert ours["right_ratio"] > nearest["right_ratio"] > frequent["right_ratio"]
    for figure in ("right_reply_ratio", "succeeded_ratio", "words_kept_ratio"):
        assert ours[figure] > nearest[figure] > frequent[figure], figure
    assert ours["edits_median"] < nearest["edits_median"]


@pytest.mark.django_db
def test_the_rehearsal_comes_to_what_triage_does(
    installed: Agent, settings: Settings, tmp_path: Path
) -> None:
    settings.LOCAL_MODEL_FOLDER = tmp_path / "models"
    training._loaded.clear()
    load_demo(installed, "a password for the demo")
    rehearse = countersign(demo_corpus("evaluation"))
    cases = {case.id: case for case in demo_corpus("evaluation").cases}
    tickets = [row for row in files.lines("tickets") if row["external_id"] in cases][::9]
    for row in tickets:
        new = files.as_ticket(row, timezone.now())
        ticket_run = accept_ticket(new).run
        assert ticket_run is not None
        runner.execute(ticket_run.pk)
        ticket_run.refresh_from_db()
        assert ticket_run.result is not None
        assert ticket_run.result.content is not None
        result = RunResult.from_json(ticket_run.result.content)
        expected = rehearse(cases[row["external_id"]])
        assert result.category == expected.category
        assert (result.proposal.text if result.proposal else "") == expected.text
        assert {citation.slug for citation in result.citations} == set(expected.articles)


def test_a_file_is_measured_fold_by_fold(file: Path) -> None:
    report = figures(*options(file))
    ours = report["figures"]["countersign"]
    assert (ours["cases"], report["reachable_ratio"]) == (24, 1.0)
    assert ours["right_reply_ratio"] == 1.0
    assert (ours["succeeded_ratio"], ours["edits_median"]) == (1.0, 0)
    assert ours["right_article_ratio"] is None
    assert report["figures"]["most_frequent"]["right_reply_ratio"] <= 0.5


def test_the_figures_are_the_same_every_time(file: Path) -> None:
    first, second = figures(*options(file)), figures(*options(file))
    assert first["figures"] == second["figures"]


def test_macros_are_found_by_the_questions_of_their_group(file: Path, tmp_path: Path) -> None:
    macros = tmp_path / "macros.jsonl"
    rows = [{"topic": topic, "macro": f"About your {topic}: {TOPICS[topic]}"} for topic in TOPICS]
    macros.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = figures(*options(file), "--category-field", "topic", "--macros", macros)
    ours = report["figures"]["countersign"]
    assert ours["category_ratio"] >= 0.8
    assert ours["right_of_drafts_ratio"] == 1.0
    assert 0 < ours["words_kept_ratio"] < 1


def test_people_get_a_table(file: Path) -> None:
    table = run(*options(file))
    assert "Countersign" in table
    assert "fewer than 3 edits" in table


def test_what_cannot_be_measured_is_said(file: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="`nothing` is missing"):
        run("--file", file, "--question-field", "nothing")
    with pytest.raises(CommandError, match="2 or more"):
        run(*options(file), "--folds", 1)
    with pytest.raises(CommandError, match="no regular expression"):
        run(*options(file), "--strip", "(")
    with pytest.raises(CommandError, match="cannot be read"):
        run("--file", tmp_path / "none.jsonl")


def case(right: str | None, *, article: str = "") -> Case:
    reference = "Hello Ada, it ships today. Kind regards"
    return Case(
        id="c", conversation={}, category="x", right=right, article=article, reference=reference
    )


def test_a_missing_draft_never_counts_as_a_success() -> None:
    measured = measure([(case("a"), Answer(group=None, text=""))])
    assert (measured.drafted_ratio, measured.under_3_edits_ratio) == (0, 0)
    assert measured.edits_median is None
    assert measured.right_of_drafts_ratio is None


def test_another_reply_that_cites_the_right_article_is_right_but_not_the_right_reply() -> None:
    cited = Answer(group="b", text="Hello Ada, it ships today.", articles=("late", "main"))
    measured = measure([(case("a", article="main"), cited), (case("a", article="other"), cited)])
    assert (measured.right_ratio, measured.right_reply_ratio) == (0.5, 0)
    assert measured.right_article_ratio == 0.5


def test_out_of_scope_tickets_count_apart() -> None:
    right = Answer(group="a", text="Hello Ada, it ships today. Kind regards")
    nothing = Answer(group=None, text="")
    measured = measure([(case("a"), right), (case(None), nothing), (case(None), right)])
    assert (measured.cases, measured.right_ratio, measured.succeeded_ratio) == (1, 1, 1)
    assert (measured.out_of_scope, measured.left_alone_ratio) == (2, 0.5)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.skipif(not DATA.is_dir(), reason="the public data sets are not here")
def test_the_macro_of_a_public_set_is_right_where_there_is_a_draft() -> None:
    folder = DATA / "bitext"
    fields = ("--question-field", "message", "--group-field", "intent")
    report = figures(
        *("--file", folder / "qa.jsonl.gz", "--macros", folder / "macros.jsonl"),
        *(*fields, "--category-field", "category"),
    )
    ours = report["figures"]["countersign"]
    assert ours["right_ratio"] >= 0.87
    assert ours["right_of_drafts_ratio"] >= 0.96
