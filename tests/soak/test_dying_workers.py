"""500 kill -9 of workers in the midst of payments with a key, and as many without one."""

import pytest

from tests.faults.dying import pay_and_die
from tests.faults.payments import Payments
from tests.stack import Stack

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
MANY = 500


def test_500_kills_each(
    stack: Stack, payments: Payments, capsys: pytest.CaptureFixture[str]
) -> None:
    results = pay_and_die(stack, payments, name="soak", count=MANY, patience_s=3400)
    with capsys.disabled():
        for tool, result in results.items():
            print(f"\n{tool}: {result}")
    keyed, blind = results["pay"], results["pay_blindly"]
    assert (keyed.killed, keyed.lost, keyed.doubled) == (MANY, 0, 0), keyed
    assert keyed.states == {"done with the effect done": MANY}, keyed
    assert (blind.killed, blind.lost, blind.doubled) == (MANY, 0, 0), blind
    assert blind.most_asked == 1, blind
    assert blind.unknown_after_s <= 60, blind
