"""What a worker keeps open is bounded by how large it is, not by how many workbooks it is."""

from __future__ import annotations

import shutil

import pytest
from web import INPUTS

from webui.kept import MOST_PLANS, Kept, Shelf


@pytest.fixture
def books(tmp_path):
    """Four workbooks of one size."""
    return [shutil.copy(INPUTS / "minimal.xlsx", tmp_path / f"{number}.xlsx") for number in range(4)]


def test_the_workbooks_asked_for_last_stay_open_as_far_as_there_is_room(books):
    """The one that was not asked for longest goes first; one that fills the shelf by itself is kept all the same."""
    one, two, three, large = books
    size = Kept(one).kilobytes
    shelf = Shelf(2 * size)
    first, second = shelf.take(one), shelf.take(two)
    assert shelf.take(one) is first and shelf.take(two) is second
    shelf.take(one)
    shelf.take(three)
    assert len(shelf) == 2
    assert shelf.take(one) is first and shelf.take(two) is not second
    narrow = Shelf(size - 1)
    kept = narrow.take(large)
    assert narrow.take(large) is kept and len(narrow) == 1


def test_the_plans_asked_for_last_are_kept(books):
    """As many as stand side by side; a plan that went is made again, the same."""
    kept = Kept(books[0])
    plans = [kept.settled("base", (f"budget_factor=0.9{number}",)) for number in range(MOST_PLANS)]
    assert kept.settled("base", ("budget_factor=0.90",)) is plans[0]
    with_plans = kept.kilobytes
    assert kept.base.score == kept.live.settled().proof.score and kept.kilobytes == with_plans
    kept.settled("base", ())
    again = kept.settled("base", ("budget_factor=0.91",))
    assert again is not plans[1] and again.proof.score == plans[1].proof.score
    assert kept.settled("base", ("budget_factor=0.90",)) is plans[0]
