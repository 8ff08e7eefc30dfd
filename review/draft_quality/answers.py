"""Three ways to answer a ticket from the past: ours, the most frequent reply, the nearest one."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from agents.local_model.classifier import IntentClassifier
from agents.local_model.errors import MalformedTemplate
from agents.local_model.ranking import PastReply
from agents.local_model.slots import fill
from agents.triage.agent import question
from agents.triage.rehearsal import Knowledge, rehearse
from memory.embeddings import embed
from review.draft_quality.corpus import Case, Corpus


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was chosen for a case. group: None and text "" where there is no draft.

    category: the one that was found, "" where none was looked for.
    """

    group: str | None
    text: str
    articles: tuple[str, ...] = ()
    category: str = ""


Answerer = Callable[[Case], Answer]


def countersign(corpus: Corpus) -> Answerer:
    """Return our way: what the triage agent drafts with no key."""
    classifier = None
    if corpus.lessons:
        texts, categories = zip(*corpus.lessons, strict=True)
        classifier = IntentClassifier.fit(texts, categories)
    knowledge = Knowledge(
        company=corpus.company, classifier=classifier, past_replies=corpus.past_replies
    )

    def answer(case: Case) -> Answer:
        rehearsed = rehearse(case.conversation, knowledge)
        chosen = rehearsed.draft
        return Answer(
            group=corpus.groups[chosen.candidate_id] if chosen.candidate_id else None,
            text=chosen.reply,
            articles=chosen.articles,
            category=rehearsed.category,
        )

    return answer


def most_frequent(corpus: Corpus) -> Answerer:
    """Return the first baseline: the reply that was right most often, whatever is asked."""
    counts: Counter[str] = Counter()
    for past in corpus.past_replies:
        counts[corpus.groups[past.id]] += len(past.questions)
    group = min(counts, key=lambda name: (-counts[name], name))
    of_group = [past for past in corpus.past_replies if corpus.groups[past.id] == group]
    always = _verbatim(corpus, min(of_group, key=lambda past: (-len(past.questions), past.id)))
    return lambda _case: always


def nearest_neighbour(corpus: Corpus) -> Answerer:
    """Return the second baseline: the reply to the past question nearest in sense, as it is."""
    known = [(text, past) for past in corpus.past_replies for text in past.questions]
    vectors = embed([text for text, _ in known])

    def answer(case: Case) -> Answer:
        nearest = int(np.argmax(vectors @ embed([question(case.conversation)])[0]))
        return _verbatim(corpus, known[nearest][1])

    return answer


def _verbatim(corpus: Corpus, past: PastReply) -> Answer:
    """Return the reply with its slots' fallbacks."""
    try:
        text = fill(past.reply, {})
    except MalformedTemplate:
        text = past.reply
    return Answer(group=corpus.groups[past.id], text=text, articles=past.articles)
