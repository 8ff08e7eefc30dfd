"""Carries out manage.py commands one after another, so that Django is loaded once for all of them.

A line of JSON in, [argument, …], and one out: {"failed": bool, "said": what it printed}.
"""

import json
import os
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

from django.core.management import execute_from_command_line


def main() -> None:
    """Carry out what is asked until there is nothing more to read."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    for line in sys.stdin:
        failed, said = carry_out(json.loads(line))
        print(json.dumps({"failed": failed, "said": said}), flush=True)


def carry_out(arguments: list[str]) -> tuple[bool, str]:
    """Return whether the command failed, and what it printed."""
    said = StringIO()
    failed = False
    with redirect_stdout(said), redirect_stderr(said):
        try:
            execute_from_command_line(["manage.py", *arguments])
        except SystemExit as ended:
            failed = bool(ended.code)
        except Exception:  # noqa: BLE001 - whatever a command raises is told
            failed = True
            traceback.print_exc()
    return failed, said.getvalue()


if __name__ == "__main__":
    main()
