"""Vectors as they are kept, and how like they are."""

import numpy as np
import pytest

from source.domain.recall.vectors import likeness, packed, products, rows_of


def test_a_vector_is_kept_with_length_one() -> None:
    vector = packed([3.0, 4.0])
    assert np.frombuffer(vector, "<f2").tolist() == pytest.approx([0.6, 0.8], abs=1e-3)
    assert packed([0.0, 0.0]) == bytes(4)


@pytest.mark.parametrize("numbers", [[], [[1.0], [2.0]], [float("nan")], [float("inf"), 1.0], 7.0])
def test_what_is_no_vector_is_refused(numbers: list[float]) -> None:
    with pytest.raises(ValueError, match="list of numbers"):
        packed(numbers)


def test_products_of_many_rows_are_those_of_full_precision() -> None:
    rng = np.random.default_rng(5)
    full = rng.normal(size=(2_500, 32))
    full /= np.linalg.norm(full, axis=1, keepdims=True)
    rows = rows_of([packed(row) for row in full], 64)
    assert np.allclose(products(rows, packed(full[7])), full @ full[7], atol=5e-3)
    both = rows.with_more(rows_of([packed(full[7]), bytes(64)], 64))
    assert products(both, packed(full[7]))[-2:].tolist() == pytest.approx([1.0, 0.0], abs=5e-3)
    assert both.size_bytes == 2_502 * (32 + 4)


def test_the_best_is_one_the_average_nothing_and_turns_without_a_vector_nothing() -> None:
    found = likeness(5, np.array([0, 2, 3, 4]), np.array([0.8, 0.2, 0.1, 0.1]))
    assert found.values.tolist() == pytest.approx([1.0, 0.0, 0.0, 0.0, 0.0])
    assert found.bears.tolist() == [True, False, False, False, False]


@pytest.mark.parametrize("common", [[], [0.9], [0.5, 0.5, 0.5], [0.21, 0.2, 0.19], [0.0, 0.0]])
def test_where_nothing_stands_out_nothing_bears(common: list[float]) -> None:
    found = likeness(3, np.arange(len(common)), np.array(common))
    assert not found
    assert np.isfinite(found.values).all()


def test_models_that_find_everything_alike_tell_the_same() -> None:
    spread = likeness(4, np.arange(4), np.array([0.9, 0.5, 0.2, 0.2]))
    narrow = likeness(4, np.arange(4), np.array([0.95, 0.95 - 0.4 * 0.5, 0.6, 0.6]))
    assert spread.values == pytest.approx(narrow.values, abs=0.01)
