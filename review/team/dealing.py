"""Spreading items over people. Pure."""

from collections.abc import Mapping, Sequence


def deal(items: Sequence[int], load: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return each item with the person who gets it, in the order of the items.

    load: of each person, how much they have already. Everybody gets the same number, give or take
    one, the least loaded first; so the most urgent items go to different people.
    """
    order = sorted(load, key=lambda person: (load[person], person))
    return [(item, order[place % len(order)]) for place, item in enumerate(items)]
