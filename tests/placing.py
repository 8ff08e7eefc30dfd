"""Which worker of a run gets which tests: what is dear to start is started as seldom as it may."""

from xdist.scheduler import LoadScopeScheduling

# Each test of these needs a whole application, and a worker that has one keeps it.
WITH_A_STACK = (
    "tests/browser/",
    "tests/faults/test_dying_workers.py",
    "tests/faults/test_workers.py",
)
# Those for a second application, so that two are at work for about as long.
ON_THE_SECOND = {
    "test_dying_workers",
    "test_workers",
    "test_hostile_content",
    "test_durable_runs",
    "test_guardrails",
    "test_policy",
    "test_prompts",
    "test_resolution",
    "test_staging",
    "test_team",
}
# What these start for all of their tests takes longer than the tests.
TOGETHER = ("tests/agents/test_through_a_proxy.py", "tests/config/test_local_servers.py")


class Placing(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out the longest groups first, then one test after the other."""

    def _split_scope(self, nodeid: str) -> str:
        """Return the group of a test, itself if it is in none."""
        path = nodeid.partition("::")[0]
        if path.startswith(WITH_A_STACK):
            name = path.rpartition("/")[2].removesuffix(".py")
            return "second stack" if name in ON_THE_SECOND else "first stack"
        return path if path in TOGETHER else nodeid
