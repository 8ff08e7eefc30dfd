#!/usr/bin/env python
"""Run Countersign's commands against the running instance."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    from config import celery  # noqa: F401, PLC0415 - commands publish to its broker

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
