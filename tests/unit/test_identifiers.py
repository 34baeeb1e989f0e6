from datetime import UTC, datetime, timedelta

import pytest

from source.domain.identifiers import NODES, IdGenerator

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_ids_grow_even_when_the_clock_jumps_back() -> None:
    ids = IdGenerator()
    taken = [ids.next(NOW), ids.next(NOW), ids.next(NOW - timedelta(days=400)), ids.next(NOW + timedelta(seconds=1))]
    assert taken == sorted(set(taken))


def test_ids_go_on_after_the_last_one_of_an_earlier_run() -> None:
    before = IdGenerator().next(NOW + timedelta(days=365))
    assert IdGenerator(last=before).next(NOW) > before


def test_nodes_never_hand_out_the_same_id() -> None:
    one, other = IdGenerator(node=1), IdGenerator(node=2)
    mine = {one.next(NOW) for _ in range(1000)}
    assert mine.isdisjoint({other.next(NOW) for _ in range(1000)})


def test_ids_stay_exact_in_json_readers_for_decades() -> None:
    assert IdGenerator().next(datetime(2090, 1, 1, tzinfo=UTC)) < 2**53


def test_a_node_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="node"):
        IdGenerator(node=32)


def test_another_node_goes_on_with_larger_ids_that_no_node_has_given() -> None:
    ids, other = IdGenerator(node=31), IdGenerator(node=3)
    before = [ids.next(NOW) for _ in range(3)]
    ids.move_to(2)
    after = [ids.next(NOW) for _ in range(3)]
    assert min(after) > max(before)
    assert {number % NODES for number in after} == {2}
    assert not {other.next(NOW) for _ in range(10)} & {*before, *after}
    ids.move_to(2)
    assert ids.next(NOW) == after[-1] + NODES
