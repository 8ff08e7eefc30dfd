"""The request of a page: somebody is logged in."""

from django.contrib.auth.models import User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class ReviewerRequest(HttpRequest):
    """A request that PagesNeedLogin let through."""

    user: User
    htmx: HtmxDetails
