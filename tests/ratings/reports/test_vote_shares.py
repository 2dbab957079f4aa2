"""Shares of votes: by model, and by maker."""

import pytest

from ratings.reports.vote_shares import ModelShare, build_maker_shares


def part(slug, maker, percent, *, retired=False, chance=None):
    return ModelShare(slug, slug.title(), maker, retired, 1, [], percent, chance)


def test_makers_have_the_sides_of_all_votes_between_them():
    shares = [
        part("a", "Acme", 90.0),
        part("b", "Bolt", 80.0),
        part("c", "Acme", 20.0, retired=True),
        part("d", "", 10.0),
    ]
    found = build_maker_shares(shares)
    assert [(maker.name, maker.model_count, maker.retired_count, maker.percent) for maker in found] == [
        ("Acme", 2, 1, 55.0),
        ("Bolt", 1, 0, 40.0),
        ("", 1, 0, 5.0),
    ]
    assert sum(maker.percent for maker in found) == pytest.approx(100)
    assert {maker.chance for maker in found} == {None}


def test_makers_have_the_sides_of_the_next_battle_between_them():
    shares = [part("a", "Acme", 50.0, chance=120.0), part("b", "Bolt", 150.0, chance=80.0)]
    assert [(maker.name, maker.chance) for maker in build_maker_shares(shares)] == [("Bolt", 40.0), ("Acme", 60.0)]
