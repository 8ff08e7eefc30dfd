"""Knowledge: articles, the chunks that are searched, and their embeddings."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from pgvector.django import HalfVectorField, HnswIndex

from memory.embeddings import DIMENSIONS, STATIC


class Article(models.Model):
    """A piece of the company's knowledge that a draft may cite."""

    slug = models.SlugField(max_length=120, unique=True)
    title = models.CharField(max_length=200)
    body = models.TextField(help_text="Markdown.")
    categories = models.JSONField(default=list, help_text="Category slugs it speaks to.")
    updated_on = models.DateField(null=True, blank=True)
    digest = models.CharField(max_length=64, help_text="Of title and body as they were indexed.")

    class Meta:
        ordering: ClassVar = ["title"]

    def __str__(self) -> str:
        return self.title


class Chunk(models.Model):
    """A passage of an article, the unit that retrieval returns."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveSmallIntegerField()
    text = models.TextField()
    words = SearchVectorField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["article", "position"], name="chunk_position")
        ]
        indexes: ClassVar = [GinIndex(fields=["words"], name="chunk_words")]

    def __str__(self) -> str:
        return f"{self.article_id}.{self.position}"


class Embedding(models.Model):
    """A chunk's vector under one embedder. Unit length, so inner product is cosine."""

    chunk = models.ForeignKey(Chunk, on_delete=models.CASCADE, related_name="embeddings")
    embedder = models.CharField(max_length=80)
    vector = HalfVectorField(dimensions=DIMENSIONS)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chunk", "embedder"], name="embedding_once")
        ]
        indexes: ClassVar = [
            HnswIndex(
                name="embedding_static",
                fields=["vector"],
                opclasses=["halfvec_ip_ops"],
                condition=models.Q(embedder=STATIC),
            )
        ]

    def __str__(self) -> str:
        return f"{self.chunk_id} {self.embedder}"
