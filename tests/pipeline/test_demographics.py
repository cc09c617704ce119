"""Who the people are, as far as nobody can be pointed at."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mexlab.participants import Participant
from pipeline.form.demographics import MISSING, SMALLEST, WITHHELD, let_out, summary


def people(**counts: int) -> list[Participant]:
    return [
        Participant(f"P{value}{number}", demographics={"gender": value})
        for value, count in counts.items()
        for number in range(count)
    ]


def test_large_cells_are_shown_and_small_ones_withheld() -> None:
    assert summary(people(man=65, woman=18, other=3, undisclosed=4)) == {
        "gender": {"man": 65, "woman": 18, WITHHELD: 7}
    }


def test_the_total_does_not_give_a_small_cell_away() -> None:
    """85 less 65 less 18 would be the two who are neither: the next smallest is withheld too."""
    assert summary(people(man=65, woman=18, other=2)) == {"gender": {"man": 65, WITHHELD: 20}}


def test_what_all_share_is_withheld() -> None:
    assert summary(people(man=12)) == {"gender": {WITHHELD: 12}}


def test_few_people_are_not_described_at_all() -> None:
    assert summary(people(man=3, woman=4)) == {"gender": {WITHHELD: 7}}


def test_simulated_participants_are_not_people() -> None:
    simulated = [
        Participant(f"S{n}", simulated=True, demographics={"gender": "man"}) for n in range(9)
    ]
    assert summary(simulated) == {}
    assert summary([*simulated, *people(man=5, woman=6)]) == {"gender": {"man": 5, "woman": 6}}


def test_each_field_stands_by_itself_and_missing_is_a_value() -> None:
    with_glasses = [Participant(f"G{n}", demographics={"glasses": n < 6}) for n in range(12)]
    assert summary([*with_glasses, *people(man=7, woman=8)]) == {
        "gender": {"man": 7, MISSING: 12, "woman": 8},
        "glasses": {"no": 6, MISSING: 15, "yes": 6},
    }


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 30), min_size=1))
def test_no_small_cell_can_be_worked_out(counts: dict[str, int]) -> None:
    shown = let_out(Counter(counts))
    withheld = shown.pop(WITHHELD, 0)
    assert sum(shown.values()) + withheld == sum(counts.values())
    assert all(count >= SMALLEST and counts[value] == count for value, count in shown.items())
    # With anything shown beside it, what is withheld is nothing or many.
    assert not shown or withheld == 0 or withheld >= SMALLEST
    assert len(shown) != 1 or withheld
