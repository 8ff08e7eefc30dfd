"""Training the embedded classifier from an agent's examples and labels, and having it at hand.

A model is known by the fingerprint of what it learnt. The database says which one is current;
the artefact in this machine's home is a cache that any worker can rebuild.
"""

import hashlib
import json
import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from agents.errors import NotTrained
from agents.evals.datasets import EXAMPLES, PAST_REPLIES
from agents.evals.models import Example, Label
from agents.local_model.classifier import OUT_OF_SCOPE, IntentClassifier
from agents.local_model.errors import ModelOutdated, NothingToLearn
from agents.models import Agent, LocalModelVersion

log = logging.getLogger(__name__)

# Retraining for every single label would teach nothing and cost a core.
FRESH_LABELS = 10
NEWEST_LABELS = 20_000
KEPT_ARTEFACTS = 3

_lock = threading.Lock()
_loaded: dict[str, tuple[str, IntentClassifier]] = {}


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a model learns from. labels: how many of the texts came from verdicts."""

    texts: list[str]
    answers: list[str]
    labels: int

    @property
    def fingerprint(self) -> str:
        """SHA-256 over texts and answers."""
        pairs = json.dumps([self.texts, self.answers], ensure_ascii=False)
        return hashlib.sha256(pairs.encode()).hexdigest()


def lesson_of(agent: Agent) -> Lesson:
    """Return the examples, the questions of past replies, and the newest labels, in that order."""
    examples = list(
        Example.objects.filter(dataset__agent=agent, dataset__name__in=[EXAMPLES, PAST_REPLIES])
        .exclude(label="")
        .order_by("pk")
        .values_list("text", "label")
    )
    labels = _labels_in_force(agent)
    pairs = examples + labels
    return Lesson(
        texts=[text for text, _ in pairs],
        answers=[answer for _, answer in pairs],
        labels=len(labels),
    )


def train_if_stale(agent: Agent) -> LocalModelVersion | None:
    """Train and store a new version when enough is new to learn; return it, else None."""
    lesson = lesson_of(agent)
    current = LocalModelVersion.objects.filter(agent=agent).first()
    nothing_to_learn = set(lesson.answers) <= {OUT_OF_SCOPE}
    if nothing_to_learn or (current and not _is_worth_it(lesson, current)):
        return None
    return _train(agent, lesson)[0]


def load_current(agent_slug: str) -> IntentClassifier:
    """Return the agent's current classifier, from memory, disk or trained anew in that order.

    Raises NotTrained when the agent has no examples.
    """
    version = LocalModelVersion.objects.filter(agent__slug=agent_slug).first()
    with _lock:
        held = _loaded.get(agent_slug)
        if version and held and held[0] == version.fingerprint:
            return held[1]
        agent = Agent.objects.get(slug=agent_slug)
        version = version or train_if_stale(agent)
        if version is None:
            raise NotTrained("Import some with manage.py import_examples.")
        version, classifier = _load(agent, version)
        _loaded[agent_slug] = (version.fingerprint, classifier)
        return classifier


def loaded(agent_slug: str) -> IntentClassifier:
    """Return the classifier that `load_current` last returned for this agent. Raises NotTrained."""
    held = _loaded.get(agent_slug)
    if held is None:
        raise NotTrained
    return held[1]


def forget(agent: Agent) -> None:
    """Drop every version of the agent's model, and its artefacts."""
    LocalModelVersion.objects.filter(agent=agent).delete()
    with _lock:
        _loaded.pop(agent.slug, None)
    for file in settings.LOCAL_MODEL_FOLDER.glob(f"{agent.slug}-*.joblib"):
        file.unlink(missing_ok=True)


def _labels_in_force(agent: Agent) -> list[tuple[str, str]]:
    from agents.triage.agent import question  # noqa: PLC0415 - the agent's module needs this one

    newest = (
        Label.objects.filter(
            Q(expected__isnull=False), agent=agent, task=Label.Task.CLASSIFY, label__isnull=True
        )
        .select_related("expected", "run__input")
        .order_by("-pk")[:NEWEST_LABELS]
    )
    return [
        (question(label.run.input.content), label.expected.content)
        for label in reversed(newest)
        if label.run.input.content and label.expected and label.expected.content
    ]


def _is_worth_it(lesson: Lesson, current: LocalModelVersion) -> bool:
    taught = len(lesson.texts) - lesson.labels
    if taught != current.examples - current.labels:
        return True
    return lesson.labels - current.labels >= FRESH_LABELS


def _load(agent: Agent, version: LocalModelVersion) -> tuple[LocalModelVersion, IntentClassifier]:
    """Return the version's classifier; where its artefact is lost, a new version's."""
    try:
        return version, IntentClassifier.load(_artefact(agent, version.fingerprint))
    except (FileNotFoundError, ModelOutdated):
        return _train(agent, lesson_of(agent))


def _train(agent: Agent, lesson: Lesson) -> tuple[LocalModelVersion, IntentClassifier]:
    started = time.monotonic()
    try:
        classifier = IntentClassifier.fit(lesson.texts, lesson.answers)
    except NothingToLearn as error:
        raise NotTrained(str(error)) from error
    classifier.save(_artefact(agent, lesson.fingerprint))
    _prune(agent)
    version, _ = LocalModelVersion.objects.update_or_create(
        agent=agent,
        fingerprint=lesson.fingerprint,
        defaults={
            "examples": len(lesson.texts),
            "labels": lesson.labels,
            "trained_in_ms": round((time.monotonic() - started) * 1000),
            "trained_at": timezone.now(),
        },
    )
    log.info("trained %s on %d examples", version, len(lesson.texts))
    return version, classifier


def _prune(agent: Agent) -> None:
    """Delete all but the newest artefacts; one that is still wanted is rebuilt."""
    files = settings.LOCAL_MODEL_FOLDER.glob(f"{agent.slug}-*.joblib")
    for file in sorted(files, key=lambda file: file.stat().st_mtime)[:-KEPT_ARTEFACTS]:
        file.unlink(missing_ok=True)


def _artefact(agent: Agent, fingerprint: str) -> Path:
    folder: Path = settings.LOCAL_MODEL_FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{agent.slug}-{fingerprint[:16]}.joblib"
