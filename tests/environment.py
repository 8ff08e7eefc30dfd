"""Loaded before Django's settings: a home of its own for the session, and test-sized waits."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from config.local.home import Home
from tests.seed import share_passwords

HOME = Home(Path(tempfile.mkdtemp(prefix="countersign-test-")))
atexit.register(shutil.rmtree, HOME.root, ignore_errors=True)
share_passwords(HOME)

for name in ("DATABASE_OWNER_URL", "SMTP_HOST", "COUNTERSIGN_TIERS", "COUNTERSIGN_PRESETS"):
    os.environ.pop(name, None)
os.environ |= {
    "COUNTERSIGN_HOME": str(HOME.root),
    # Tests make and empty databases, which the application's own role may not.
    "DATABASE_URL": HOME.database_url("countersign_owner"),
    "REDIS_URL": HOME.redis_url(),
    "SECRET_KEY": "only-for-tests",
    "COUNTERSIGN_DEMO": "0",
    "HF_HUB_OFFLINE": "1",
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",  # Playwright's synchronous API runs inside an event loop
}
