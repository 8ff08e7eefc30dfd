"""Knowledge in the administration: an article that is saved is indexed anew."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from memory.knowledge import NewArticle, store_article
from memory.models import Article, Chunk, Embedding
from observability.read_only import ModelAdmin, ReadOnlyAdmin

if TYPE_CHECKING:
    ArticleModelForm = forms.ModelForm[Article]
else:
    ArticleModelForm = forms.ModelForm


class ArticleForm(ArticleModelForm):
    categories = forms.JSONField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Slugs of the categories it speaks to, as a list.",
    )

    def clean_categories(self) -> list[str]:
        slugs = self.cleaned_data["categories"] or []
        if not isinstance(slugs, list) or not all(isinstance(slug, str) for slug in slugs):
            raise ValidationError('Give a list of slugs, such as ["returns"].')
        return slugs


@admin.register(Article)
class ArticleAdmin(ModelAdmin):
    form = ArticleForm
    list_display = ("title", "slug", "updated_on")
    list_filter = ("updated_on",)
    search_fields = ("title", "slug", "body")
    fields = ("slug", "title", "body", "categories", "updated_on")
    list_per_page = 50

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("slug",) if obj else ()

    def save_model(
        self, request: HttpRequest, obj: Article, form: "forms.ModelForm[Article]", change: bool
    ) -> None:
        stored = store_article(
            NewArticle(
                slug=obj.slug,
                title=obj.title,
                body=obj.body,
                categories=obj.categories,
                updated_on=obj.updated_on,
            )
        )
        obj.pk = stored.pk

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the articles alone: their passages go with them."""
        return [f"{article} and its passages" for article in objs], {}, set(), []


@admin.register(Chunk)
class ChunkAdmin(ReadOnlyAdmin):
    list_display = ("article", "position", "text")
    list_select_related = ("article",)
    search_fields = ("article__title", "article__slug", "text")
    hidden = ("words",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Chunk]:
        return super().get_queryset(request).defer("words")


@admin.register(Embedding)
class EmbeddingAdmin(ReadOnlyAdmin):
    list_display = ("id", "chunk", "embedder")
    list_select_related = ("chunk",)
    search_fields = ("embedder", "chunk__article__title", "chunk__article__slug")
    hidden = ("vector",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Embedding]:
        return super().get_queryset(request).defer("vector", "chunk__words")
