"""Articles as a reply can quote them: their plain text, those of this ticket first."""

import re

from django.db.models import Q

from agents.models import Step
from memory.models import Article
from review.macros import Pick
from review.models import ReviewItem

SHOWN = 30
_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
_MARKS = re.compile(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}|^#{1,6}\s+", re.MULTILINE)


def picks(item: ReviewItem, category: str, *, query: str = "") -> list[Pick]:
    """Return the articles to quote from: those the agent recalled, then those of the category.

    query: words that all stand in an article's title or text; then every article is searched.
    """
    recalled = _recalled(item)
    words = query.replace("\x00", "").split()[:8]
    articles = Article.objects.all()
    if not words:
        articles = articles.filter(Q(slug__in=recalled) | Q(categories__contains=[category]))
    for word in words:
        articles = articles.filter(Q(title__icontains=word) | Q(body__icontains=word))
    found = sorted(
        articles.order_by("title")[:SHOWN],
        key=lambda article: recalled.index(article.slug) if article.slug in recalled else SHOWN,
    )
    return [
        Pick(
            title=article.title,
            about="Found for this ticket" if article.slug in recalled else "Article",
            text=plain_text(article.body),
        )
        for article in found
    ]


def plain_text(markdown: str) -> str:
    """Return the text without Markdown's marks; a link keeps its address beside its words."""
    linked = _LINK.sub(
        lambda link: f"{link[1]} ({link[2]})" if link[1] != link[2] else link[2], markdown
    )
    return _MARKS.sub("", linked).strip()


def _recalled(item: ReviewItem) -> list[str]:
    step = Step.objects.select_related("result").filter(run=item.run_id, key="recall").first()
    content = (step.result.content if step else None) or {}
    return [str(article["slug"]) for article in content.get("articles", ())]
