"""Recall: the articles that speak to a question, by meaning and by words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Q
from pgvector.django import MaxInnerProduct

from memory.embeddings import STATIC, embed
from memory.models import Chunk, Embedding

CANDIDATES = 24
# Reciprocal rank fusion, Cormack et al. 2009: k = 60 damps the lead of the first ranks.
RRF_K = 60
CATEGORY_BONUS = 1 / RRF_K
MOST_QUERY_WORDS = 40


@dataclass(frozen=True, kw_only=True)
class Recalled:
    """A passage that may answer. score: fused reciprocal ranks, higher is better."""

    slug: str
    title: str
    text: str
    score: float


def recall(
    query: str, *, limit: int, category: str = "", besides: Sequence[str] = ()
) -> list[Recalled]:
    """Return the best passage of each of the `limit` articles nearest to the query, best first.

    An article filed under `category` is preferred among equals. besides: slugs of articles that
    are wanted whatever their rank; they follow, with score 0.
    """
    scores: dict[int, float] = {}
    for ranking in (_by_meaning(query), _by_words(query)):
        for rank, chunk_id in enumerate(ranking, start=1):
            scores[chunk_id] = scores.get(chunk_id, 0.0) + 1 / (RRF_K + rank)
    best: dict[str, Recalled] = {}
    named: dict[str, Recalled] = {}
    wanted = Q(pk__in=scores) | Q(article__slug__in=besides, position=0)
    chunks = Chunk.objects.filter(wanted).values_list(
        "pk", "position", "text", "article__slug", "article__title", "article__categories"
    )
    for pk, position, text, slug, title, categories in chunks:
        found = Recalled(slug=slug, title=title, text=text, score=scores.get(pk, 0.0))
        if slug in besides and position == 0:
            named[slug] = replace(found, score=0.0)
        if pk not in scores:
            continue
        if category and category in categories:
            found = replace(found, score=found.score + CATEGORY_BONUS)
        if slug not in best or found.score > best[slug].score:
            best[slug] = found
    nearest = sorted(best.values(), key=lambda found: (-found.score, found.slug))[:limit]
    further = named.keys() - {found.slug for found in nearest}
    return nearest + [named[slug] for slug in sorted(further)]


def _by_meaning(query: str) -> list[int]:
    vector = embed([query])[0]
    return list(
        Embedding.objects.filter(embedder=STATIC)
        .order_by(MaxInnerProduct("vector", vector))
        .values_list("chunk_id", flat=True)[:CANDIDATES]
    )


def _by_words(query: str) -> list[int]:
    words = _any_of(query.split()[:MOST_QUERY_WORDS])
    if not words:
        return []
    search = SearchQuery(words, search_type="websearch", config="english")
    return list(
        Chunk.objects.filter(words=search)
        .annotate(rank=SearchRank(F("words"), search))
        .order_by("-rank", "pk")
        .values_list("pk", flat=True)[:CANDIDATES]
    )


def _any_of(words: Iterable[str]) -> str:
    # A question names more than any article: any of its words may match, the rank weighs them.
    plain = ("".join(c for c in word if c.isalnum()) for word in words)
    return " or ".join(word for word in plain if word)
