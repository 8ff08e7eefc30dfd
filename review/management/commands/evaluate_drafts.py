"""`manage.py evaluate_drafts`: how good drafts are with no key, beside two simple baselines."""

import json
import re
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from agents.local_model.errors import LocalModelError
from review.draft_quality.answers import (
    Answer,
    Answerer,
    countersign,
    most_frequent,
    nearest_neighbour,
)
from review.draft_quality.corpus import Case, Corpus, Layout, demo_corpus, file_corpora
from review.draft_quality.figures import Figures, measure

WAYS: dict[str, Callable[[Corpus], Answerer]] = {
    "countersign": countersign,
    "most_frequent": most_frequent,
    "nearest_neighbour": nearest_neighbour,
}
HEADS = ("Countersign", "most frequent", "nearest")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is printed. reachable_ratio: cases whose right reply is among the past replies."""

    reachable_ratio: float
    ms_per_draft: float
    figures: dict[str, Figures]


class Command(BaseCommand):
    help = (
        "Draft a reply to tickets whose right reply is known, with the embedded model alone, and "
        "print how often it was chosen and how many edits it would have needed. Needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--demo", action="store_true", help="the demo company's tickets")
        source.add_argument("--file", type=Path, help="JSON lines, plain or .gz")
        parser.add_argument(
            "--part",
            choices=["evaluation", "stream"],
            default="evaluation",
            help="of the demo's tickets (%(default)s)",
        )
        parser.add_argument("--question-field", metavar="F", default="text")
        parser.add_argument("--reply-field", metavar="F", default="reply")
        parser.add_argument(
            "--group-field", metavar="G", default="label", help="replies of one G are equally right"
        )
        parser.add_argument("--category-field", metavar="F", default="", help="what is sorted by")
        parser.add_argument("--id-field", metavar="F", default="id", help="what folds are cut by")
        parser.add_argument("--macros", type=Path, help="JSON lines: the one reply of each G")
        parser.add_argument("--macro-field", metavar="F", default="macro")
        parser.add_argument(
            "--strip", metavar="REGEX", action="append", default=[], help="leave this out of texts"
        )
        parser.add_argument("--folds", type=int, default=5, help="(%(default)s)")
        parser.add_argument("--json", action="store_true", help="print JSON alone")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = evaluate(_corpora(options))
        except (LocalModelError, ValueError) as error:
            raise CommandError(str(error)) from error
        printed = json.dumps(asdict(report)) if options["json"] else _as_table(report)
        self.stdout.write(printed)


def evaluate(corpora: Sequence[Corpus]) -> Report:
    """Return every way's figures over the cases of all corpora. Raises ValueError on none."""
    answered: dict[str, list[tuple[Case, Answer]]] = {name: [] for name in WAYS}
    reachable, spent_s = [], 0.0
    total = len(WAYS) * sum(len(corpus.cases) for corpus in corpora)
    with tqdm(total=total, unit=" drafts", desc="Drafting", leave=False, disable=None) as bar:
        for corpus in corpora:
            groups = set(corpus.groups.values())
            reachable += [case.right in groups for case in corpus.cases if case.right is not None]
            for name, way in WAYS.items():
                answer = way(corpus)
                started = time.perf_counter()
                answered[name] += _with_progress(corpus.cases, answer, bar)
                spent_s += time.perf_counter() - started if way is countersign else 0.0
    figures = {name: measure(pairs) for name, pairs in answered.items()}
    return Report(
        reachable_ratio=sum(reachable) / len(reachable),
        ms_per_draft=spent_s * 1000 / len(answered["countersign"]),
        figures=figures,
    )


def _with_progress(
    cases: Sequence[Case], answer: Answerer, bar: tqdm
) -> Iterator[tuple[Case, Answer]]:
    for case in cases:
        yield case, answer(case)
        bar.update()


def _corpora(options: dict[str, Any]) -> list[Corpus]:
    if options["demo"]:
        return [demo_corpus(options["part"])]
    if options["folds"] < 2:
        raise CommandError("--folds must be 2 or more: what is measured is not learnt from.")
    try:
        strip = [re.compile(pattern, re.IGNORECASE) for pattern in options["strip"]]
    except re.error as error:
        raise CommandError(f"--strip is no regular expression: {error}") from error
    layout = Layout(
        id=options["id_field"],
        question=options["question_field"],
        reply=options["reply_field"],
        group=options["group_field"],
        category=options["category_field"],
        strip=strip,
    )
    return file_corpora(
        options["file"],
        layout,
        folds=options["folds"],
        macros=options["macros"],
        macro_field=options["macro_field"],
    )


def _as_table(report: Report) -> str:
    """Return the figures one a line, a column a way."""
    figures = report.figures.values()
    about = [
        ("tickets with a right reply", f"{report.figures['countersign'].cases:,}"),
        ("of them with it among the past replies", _percent(report.reachable_ratio)),
        ("milliseconds a draft of ours", f"{report.ms_per_draft:.1f}"),
    ]
    rows = [
        ("right category", [_percent(f.category_ratio) for f in figures]),
        ("right reply or article", [_percent(f.right_ratio) for f in figures]),
        ("right reply", [_percent(f.right_reply_ratio) for f in figures]),
        ("right article", [_percent(f.right_article_ratio) for f in figures]),
        ("with a draft", [_percent(f.drafted_ratio) for f in figures]),
        ("right, of those with a draft", [_percent(f.right_of_drafts_ratio) for f in figures]),
        ("edits, median of the drafts", [_count(f.edits_median) for f in figures]),
        ("fewer than 3 edits", [_percent(f.under_3_edits_ratio) for f in figures]),
        ("  and at least half the words", [_percent(f.succeeded_ratio) for f in figures]),
        ("words kept, mean of the drafts", [_percent(f.words_kept_ratio) for f in figures]),
        ("out of scope without a draft", [_percent(f.left_alone_ratio) for f in figures]),
    ]
    return "\n".join(
        [f"{name:<40}{value:>9}" for name, value in about]
        + ["", " " * 34 + "".join(f"{head:>15}" for head in HEADS)]
        + [f"{name:<34}" + "".join(f"{value:>15}" for value in values) for name, values in rows]
    )


def _percent(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio * 100:.1f} %"


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
