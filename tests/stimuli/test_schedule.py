"""Who sees which compilation: counterbalanced, and the same on every laptop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mexlab.errors import InputError
from stimuli.schedule import ORDERS, block_order, compilation_for

EIGHT = tuple(range(1, 9))
FIXED_SEED_0 = [2, 8, 3, 5, 7, 6, 1, 4, 7, 6, 1, 5, 3, 4, 8, 2]
FIXED_SEED_1 = [7, 3, 2, 1, 5, 4, 8, 6]
seeds = st.integers(0, 2**63)


@given(st.integers(0, 10**9), seeds)
def test_each_aligned_block_shows_each_compilation_once(block, seed):
    first = 8 * block + 1
    shown = [compilation_for(f"P{number:03d}", seed) for number in range(first, first + 8)]
    assert tuple(sorted(shown)) == EIGHT


@given(seeds, st.integers(0, 10**6), st.integers(1, ORDERS - 1))
def test_no_two_blocks_of_a_study_have_the_same_order(seed, block, later):
    assert block_order(block, seed) != block_order(block + later, seed)


def test_all_orders_come_up_before_the_first_comes_back():
    assert len({block_order(block, 7) for block in range(ORDERS)}) == ORDERS
    assert block_order(ORDERS, 7) == block_order(0, 7)


def test_the_answer_is_fixed_for_ever():
    """A laptop with a later version must agree with one that recorded last year."""
    assert [compilation_for(f"P{n:03d}", 0) for n in range(1, 17)] == FIXED_SEED_0
    assert [compilation_for(f"P{n:03d}", 1) for n in range(1, 9)] == FIXED_SEED_1


def test_the_number_is_the_last_run_of_digits():
    assert compilation_for("P1-012", 3) == compilation_for("12", 3) == compilation_for("X0012b", 3)


@given(st.text("0123456789", min_size=1, max_size=60), seeds)
def test_any_number_counts_as_itself(digits, seed):
    number = int(digits)
    block, place = divmod(number - 1, 8)
    assert compilation_for(f"P{digits}", seed) == block_order(block, seed)[place]


def test_a_number_too_long_for_a_computer_word_is_scheduled_too():
    assert compilation_for("P" + "9" * 9000, 0) in EIGHT


@pytest.mark.parametrize("participant", ["anna", "", "P٣"])
def test_an_id_without_digits_is_refused_and_told_what_to_do(participant):
    with pytest.raises(InputError, match="--compilation") as caught:
        compilation_for(participant, 0)
    assert caught.value.where == "--participant"
