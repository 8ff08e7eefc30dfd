"""Workers die in the midst of payments; each is made once, or a person finds out."""

import pytest

from tests.faults.dying import pay_and_die
from tests.faults.payments import Payments
from tests.stack import Stack

pytestmark = pytest.mark.timeout(300)
A_FEW = 4


def test_payments_are_made_once_or_a_person_finds_out(stack: Stack, payments: Payments) -> None:
    results = pay_and_die(stack, payments, name="short", count=A_FEW, patience_s=250)
    keyed, blind = results["pay"], results["pay_blindly"]
    assert (keyed.killed, keyed.lost, keyed.doubled) == (A_FEW, 0, 0), keyed
    assert keyed.states == {"done with the effect done": A_FEW}, keyed
    assert (blind.killed, blind.lost, blind.doubled) == (A_FEW, 0, 0), blind
    assert blind.most_asked == 1, blind
    assert blind.unknown_after_s <= 60, blind
