"""Whether the agents work, and what they cost."""

from csp.decorators import csp_update
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from review.overview import facts, sentences
from review.overview.charts import charts
from review.overview.decided_items import decided_items
from review.overview.figures import overview
from review.overview.needs import needs
from review.overview.period import LENGTHS, Period, period_of
from review.requests import ReviewerRequest

# What Plotly draws with: style attributes, a style element and images it makes itself.
CHARTS_MAY = {"style-src": ["'unsafe-inline'"], "img-src": ["data:", "blob:"]}


@require_GET
@csp_update(CHARTS_MAY)  # type: ignore[arg-type]  # it knows only plain requests
@permission_required("review.view_every_queue", raise_exception=True)
def overview_page(request: ReviewerRequest) -> HttpResponse:
    """Show the success metric and what stands behind it."""
    figures = overview(_period(request), timezone.now())
    is_current = figures.period.last == figures.today
    context = {
        "overview": figures,
        "period": figures.period,
        "lengths": LENGTHS,
        "needs": needs(figures) if is_current else None,
        "lead": sentences.lead(figures),
        "certainty": sentences.certainty(figures),
        "plain_figure": sentences.plain_figure(figures),
        "movements": sentences.movements(figures, told_apart=is_current),
        "facts": facts.headline(figures),
        "timings": facts.timings(figures),
        "charts": charts(figures),
    }
    return render(request, "review/overview.html", context)


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def items_page(request: ReviewerRequest) -> HttpResponse:
    """Show the decided items behind a figure."""
    asked, period = request.GET, _period(request)
    category = asked.get("category")
    page = decided_items(
        period,
        outcome=asked.get("outcome", ""),
        category=category.replace("\x00", "") if category is not None else None,
        after=asked.get("after", ""),
    )
    following = asked.copy()
    following["after"] = page.after
    context = {"page": page, "period": period, "following": following.urlencode()}
    return render(request, "review/overview_items.html", context)


def _period(request: ReviewerRequest) -> Period:
    zone = timezone.get_default_timezone()
    return period_of(request.GET.dict(), timezone.localdate(timezone=zone), zone)
