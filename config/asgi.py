"""One port for pages, API and live updates.

Pages and API are hosted as WSGI in a thread pool: Django's plain views run about three times
faster that way than under one ASGI process (docs/decisions). WebSockets stay asynchronous.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("COUNTERSIGN_PROCESS", "web")

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.wsgi import get_wsgi_application

wsgi_application = get_wsgi_application()

from config import celery  # noqa: F401 - pages publish to its broker
from config.hosting import InThreads
from review.routing import websocket_urlpatterns
from review.uploads import MOST_BYTES

application = ProtocolTypeRouter(
    {
        "http": InThreads(wsgi_application, threads=8, largest_body=MOST_BYTES),
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)
