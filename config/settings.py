"""Django settings, read once from the environment (see `.env.example`).

With neither DATABASE_URL nor REDIS_URL set, the instance is the local one: its addresses and
its secret key come from the folder COUNTERSIGN_HOME.
"""

import os
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from config import env
from config.local.home import Home
from config.local.parent_death import SUPERVISED

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = Home.from_environment()
DATABASE_URL = env.secret("DATABASE_URL")
REDIS_URL = env.secret("REDIS_URL")
# `make run` is a local instance whatever servers it is told to use.
IS_LOCAL = DATABASE_URL is None or os.environ.get(SUPERVISED) == "1"
# The web process alone keeps a pool: workers hold one connection a process.
IS_WEB = os.environ.get("COUNTERSIGN_PROCESS") == "web"


SECRET_KEY = env.secret("SECRET_KEY") or (
    HOME.secret_key() if IS_LOCAL or HOME.has_secret_key() else ""
)
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "Set SECRET_KEY or SECRET_KEY_FILE: with a DATABASE_URL it has no default."
    )
DEBUG = env.boolean("COUNTERSIGN_DEBUG", default=False)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = env.text("PUBLIC_URL", f"http://127.0.0.1:{env.integer('PORT', 8000, least=1)}")

INSTALLED_APPS = [
    "review",
    "review.demo.shop.apps.ShopConfig",
    "agents",
    "agents.evals",
    "memory",
    "observability",
    "config.administration.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "channels",
    "allauth",
    "allauth.account",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "review.accounts.PagesNeedLogin",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "review.context.chrome",
            ],
        },
    }
]

# Data


def database(url: str) -> dict[str, Any]:
    """Return Django's database entry for a libpq URL or connection string."""
    parts = conninfo_to_dict(url)
    names = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    entry: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        **{names[key]: str(value) for key, value in parts.items() if key in names},
        "OPTIONS": {
            **{key: value for key, value in parts.items() if key not in names},
            # Of the statements that observability.rows asks; Django's own are never prepared.
            "prepare_threshold": 0,
        },
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }
    if IS_WEB:
        entry["OPTIONS"]["pool"] = {
            "min_size": 2,
            "max_size": env.integer("WEB_DB_POOL", 12, least=1),
        }
    return entry


DATABASES = {"default": database(DATABASE_URL or HOME.database_url("countersign"))}
OWNER_URL = env.secret("DATABASE_OWNER_URL") or (
    HOME.database_url("countersign_owner") if DATABASE_URL is None else None
)
if OWNER_URL:
    # Migrations run as the tables' owner; the application itself may not change its tables.
    DATABASES["owner"] = database(OWNER_URL) | {"TEST": {"MIRROR": "default"}}
    DATABASES["owner"]["OPTIONS"].pop("pool", None)
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # Login attempts are counted here; Redis may vanish at any moment, PostgreSQL may not.
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # Longer than the layer's own wait of 5 s for news, which would else end as an error.
            "hosts": [
                {
                    "address": REDIS_URL or HOME.redis_url(),
                    "socket_timeout": 15,
                    "socket_connect_timeout": 2,
                }
            ],
            "prefix": "countersign",
            "capacity": 500,
            "expiry": 30,
        },
    }
}
# Celery names a Unix socket otherwise than redis-py does.
CELERY_BROKER_URL = (REDIS_URL or HOME.redis_url()).replace("unix://", "redis+socket://", 1)

# People

AUTHENTICATION_BACKENDS = ["review.accounts.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "inbox"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_ADAPTER = "review.accounts.ClosedAccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
SESSION_ENGINE = "review.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Language, time, files

LANGUAGE_CODE = "en-gb"
USE_I18N = False
TIME_ZONE = env.text("TIME_ZONE", "UTC")
USE_TZ = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024  # a body of a million characters, as UTF-8
FILE_UPLOAD_HANDLERS = [
    "review.uploads.WithinLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.assets.PlotlyFinder",
]
STATIC_ROOT = HOME.root / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.assets.StaticFiles"},
}

# Mail out. Without SMTP_HOST a reply is recorded as sent and shown, and leaves nothing.

SMTP_HOST = env.text("SMTP_HOST", "")
SMTP_PORT = env.integer("SMTP_PORT", 587, least=1)
SMTP_USER = env.text("SMTP_USER", "")
SMTP_PASSWORD = env.secret("SMTP_PASSWORD") or ""
SMTP_SECURITY = env.text("SMTP_SECURITY", "starttls")
MAIL_FROM = env.text("MAIL_FROM", "support@countersign.example")
if SMTP_SECURITY not in {"none", "starttls", "tls"}:
    raise ImproperlyConfigured("SMTP_SECURITY must be none, starttls or tls.")

# Countersign

ENVIRONMENT = env.text("COUNTERSIGN_ENVIRONMENT", "live")
DEMO = env.boolean("COUNTERSIGN_DEMO", default=IS_LOCAL)
DEMO_PASSWORD = env.secret("COUNTERSIGN_DEMO_PASSWORD")
UNDO_WINDOW_S = env.integer("COUNTERSIGN_UNDO_S", 10)
CLAIM_TTL_S = env.integer("COUNTERSIGN_CLAIM_S", 900, least=1)
REVIEW_BELOW_CONFIDENCE = env.ratio("COUNTERSIGN_REVIEW_BELOW", "0.80")
TIERS_FILE = Path(env.text("COUNTERSIGN_TIERS", str(BASE_DIR / "config" / "tiers.toml")))
TIERS = tomllib.loads(TIERS_FILE.read_text(encoding="utf-8"))
PRESETS_FILE = Path(env.text("COUNTERSIGN_PRESETS", str(BASE_DIR / "config" / "presets.toml")))
PRESETS = tomllib.loads(PRESETS_FILE.read_text(encoding="utf-8"), parse_float=Decimal)
LOCAL_MODEL_FOLDER = HOME.root / "models"
# Python modules of the company's own that register agents and tools as they are imported.
PLUGINS = env.words("COUNTERSIGN_PLUGINS")
# Tools of the company's own, each a web service, with the tokens that the file names by variable.
TOOLS_FILE = env.text("COUNTERSIGN_TOOLS", "")
TOOLS = tomllib.loads(Path(TOOLS_FILE).read_text(encoding="utf-8")) if TOOLS_FILE else {}
TOOL_SECRETS = env.named_secrets(tool.get("secret", "") for tool in TOOLS.get("tools", ()))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        # Prompts and replies pass through these; their debug output must not reach a log.
        "LiteLLM": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
    },
}
