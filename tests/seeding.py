"""Makes the seed of a run in COUNTERSIGN_HOME: `python -m tests.seeding`."""

from config.local.home import Home
from config.local.servers import running_servers
from tests.seed import DEMO, FAILED, MADE, MIGRATED, make_database
from tests.stack import Stack, environment_of


def main() -> None:
    """Migrate one database, and load the demo into a copy of it."""
    home = Home.from_environment()
    done = FAILED
    try:
        with running_servers(home, durable=False):
            for name, template, command in (
                (MIGRATED, "", ["migrate", "--database", "owner", "-v0"]),
                (DEMO, MIGRATED, ["prepare"]),
            ):
                make_database(home, name, template)
                stack = Stack(
                    home=home, database=name, port=0, environment=environment_of(home, name)
                )
                try:
                    stack.manage(*command)
                finally:
                    stack.stop()
        done = MADE
    finally:
        (home.root / done).touch()


if __name__ == "__main__":
    main()
