"""One port for pages, API and live updates.

Pages and API are hosted as WSGI in a thread pool: Django's plain views run about three times
faster that way than under one ASGI process (docs/decisions). WebSockets stay asynchronous.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("COUNTERSIGN_PROCESS", "web")

from a2wsgi import WSGIMiddleware
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.wsgi import get_wsgi_application

wsgi_application = get_wsgi_application()

from config import celery  # noqa: F401 - pages publish to its broker
from review.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": WSGIMiddleware(wsgi_application, workers=8),  # type: ignore[arg-type]
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)
