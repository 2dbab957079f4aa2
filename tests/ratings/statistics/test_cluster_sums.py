"""Sums by voter agree with plain loops."""

import numpy as np
import pytest

from ratings.statistics import cluster_sums


def draw_entries(voters, votes, width, seed=0):
    rng = np.random.default_rng(seed)
    voter = rng.integers(0, voters, votes)
    first, second = rng.integers(0, width - 1, (2, votes))
    return voter, first, second, rng.normal(size=votes)


def sum_products_by_hand(voter, parts, width):
    products = np.zeros((width, width))
    for number in set(voter.tolist()):
        sums = np.zeros(width)
        for column, values in parts:
            for place in np.flatnonzero(voter == number):
                sums[column if isinstance(column, int) else column[place]] += values[place]
        products += np.outer(sums, sums)
    return products


@pytest.mark.parametrize(
    ("voters", "votes", "width", "cells"),
    [
        (1, 5, 3, 1 << 19),
        (7, 400, 6, 1 << 19),  # many votes each
        (7, 400, 6, 8),  # in blocks of one voter
        (60, 900, 6, 40),  # in blocks of four
        (300, 20, 40, 1 << 19),  # few votes each: sparse
        (3, 0, 4, 1 << 19),
    ],
)
def test_products_are_those_of_each_voters_sums(monkeypatch, voters, votes, width, cells):
    monkeypatch.setattr(cluster_sums, "_BLOCK_CELLS", cells)
    voter, first, second, values = draw_entries(voters, votes, width)
    parts = [(first, values), (second, -values), (width - 1, 2 * values)]
    assert cluster_sums.sum_outer_products(voter, parts, width) == pytest.approx(
        sum_products_by_hand(voter, parts, width), abs=1e-9
    )


@pytest.mark.parametrize(
    ("voters", "votes", "cells"),
    [(9, 80, 8), (9, 80, 1 << 19), (300, 20, 1 << 19)],  # in blocks, at once, sparse
)
def test_totals_are_sums_over_voters_of_functions_of_what_each_adds_up_to(monkeypatch, voters, votes, cells):
    monkeypatch.setattr(cluster_sums, "_BLOCK_CELLS", cells)
    voter, first, second, values = draw_entries(voters, votes, 7)
    amount = np.abs(values)
    sums = np.zeros((voters, 7))
    for side in (first, second):
        np.add.at(sums, (voter, side), amount)

    sums_by_function = cluster_sums.sum_over_voters(
        voter, (first, second), amount, 7, (np.sign, np.square, lambda each: np.minimum(each, 1))
    )

    assert sums_by_function[0].tolist() == (sums > 0).sum(axis=0).tolist()
    assert sums_by_function[1] == pytest.approx((sums**2).sum(axis=0))
    assert sums_by_function[2] == pytest.approx(np.minimum(sums, 1).sum(axis=0))
