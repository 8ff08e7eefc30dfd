"""Articles in: cut into passages, indexed by words and by meaning."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Value

from memory.embeddings import STATIC, embed
from memory.models import Article, Chunk, Embedding
from observability.payloads import digest

CHUNK_LENGTH = 900


@dataclass(frozen=True, kw_only=True)
class NewArticle:
    """An article as its author wrote it. body: Markdown."""

    slug: str
    title: str
    body: str
    categories: Sequence[str] = ()
    updated_on: date | None = None


@transaction.atomic
def store_article(new: NewArticle) -> Article:
    """Return the stored article; its passages are indexed anew only if its text changed."""
    text_digest = digest([new.title, new.body])
    article = Article.objects.select_for_update().filter(slug=new.slug).first() or Article(
        slug=new.slug
    )
    changed = article.digest != text_digest
    article.title, article.body, article.digest = new.title, new.body, text_digest
    article.categories, article.updated_on = list(new.categories), new.updated_on
    article.save()
    if changed:
        _index(article)
    return article


def passages(body: str) -> list[str]:
    """Return the body cut at paragraphs into passages of at most about CHUNK_LENGTH characters."""
    found: list[str] = []
    for paragraph in (part.strip() for part in body.split("\n\n")):
        if not paragraph:
            continue
        if found and len(found[-1]) + len(paragraph) <= CHUNK_LENGTH:
            found[-1] += "\n\n" + paragraph
        else:
            found.append(paragraph)
    return found


def _index(article: Article) -> None:
    article.chunks.all().delete()
    texts = passages(article.body) or [article.title]
    chunks = Chunk.objects.bulk_create(
        Chunk(article=article, position=position, text=text) for position, text in enumerate(texts)
    )
    for chunk in chunks:
        Chunk.objects.filter(pk=chunk.pk).update(
            words=SearchVector(Value(article.title), weight="A", config="english")
            + SearchVector("text", weight="B", config="english")
        )
    vectors = embed([f"{article.title}\n{text}" for text in texts])
    Embedding.objects.bulk_create(
        Embedding(chunk=chunk, embedder=STATIC, vector=vector)
        for chunk, vector in zip(chunks, vectors, strict=True)
    )
