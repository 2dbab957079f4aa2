import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.statistics.comparisons import Comparisons
from ratings.statistics.components import find_reachable, list_components


def list_labels(board, positions):
    return "".join(sorted(board.labels[position] for position in positions))


def parts(text, labels):
    """Components of a board such as "ab ba 2cd": a beat b, b beat a, c beat d twice; "a=b" is a tie."""
    wins, ties = np.zeros((2, len(labels), len(labels)))
    for game in text.split():
        times = int(game[0]) if game[0].isdigit() else 1
        first, second = (labels.index(letter) for letter in game.lstrip("123456789").replace("=", ""))
        if "=" in game:
            ties[[first, second], [second, first]] += times
        else:
            wins[first, second] += times
    board = Comparisons.from_counts(labels, wins, ties)
    return [(list_labels(board, part.bounded), list_labels(board, part.unbounded)) for part in list_components(board)]


@pytest.mark.parametrize(
    ("games", "labels", "expected"),
    [
        ("", "", []),
        ("", "a", [("", "a")]),
        ("ab", "ab", [("", "ab")]),
        ("ab ba", "ab", [("ab", "")]),
        ("a=b", "ab", [("ab", "")]),
        ("ab bc ca", "abc", [("abc", "")]),
        ("ab ba ac", "abc", [("ab", "c")]),
        ("ab ba ca db de", "abcde", [("ab", "cde")]),
        ("ab ba cd 2dc bc", "abcd", [("cd", "ab")]),
        ("ab ba cd dc bc", "abcd", [("ab", "cd")]),
        ("2ab 2ba cd de ec cd", "abcde", [("cde", ""), ("ab", "")]),
        ("ab ba cd 2dc", "abcd", [("cd", ""), ("ab", "")]),
        ("zy yz ba ab", "zyba", [("ab", ""), ("yz", "")]),
        ("ce", "abcde", [("", "ce"), ("", "a"), ("", "b"), ("", "d")]),
        ("ab 9ac de ed", "abcde", [("de", ""), ("", "abc")]),
        ("9ab de ed fe", "abdef", [("de", "f"), ("", "ab")]),
    ],
)
def test_split_finds_the_main_component_first(games, labels, expected):
    assert parts(games, list(labels)) == expected


def test_reachable_follows_chains_of_wins_one_way():
    score = np.array([[0, 1, 0, 0], [0, 0, 0.5, 0], [0, 0, 0, 0], [3, 0, 0, 0]])
    assert find_reachable(score, 0).tolist() == [True, True, True, False]
    assert find_reachable(score.T, 0).tolist() == [True, False, False, True]


def chains(edges):
    closed = edges | np.eye(len(edges), dtype=bool)
    for middle in range(len(edges)):
        closed |= closed[:, [middle]] & closed[[middle]]
    return closed


@given(
    st.integers(1, 7).flatmap(
        lambda m: st.lists(st.lists(st.booleans(), min_size=m, max_size=m), min_size=m, max_size=m)
    )
)
def test_split_agrees_with_chains_followed_one_by_one(rows):
    wins = np.array(rows, dtype=float)
    np.fill_diagonal(wins, 0)
    board = Comparisons.from_counts(range(len(wins)), wins, np.zeros_like(wins))
    forth, either = chains(wins > 0), chains((wins > 0) | (wins.T > 0))
    components = list_components(board)
    assert sorted(m for part in components for m in (*part.bounded, *part.unbounded)) == list(range(len(wins)))
    for part in components:
        models = [*part.bounded, *part.unbounded]
        assert all(set(np.flatnonzero(either[m])) == set(models) for m in models)
        strong = [{int(n) for n in np.flatnonzero(forth[m] & forth[:, m])} for m in models]
        if max(map(len, strong)) == 1:
            assert part.bounded.size == 0
        else:
            votes = [board.votes[np.ix_(list(group), list(group))].sum() for group in strong]
            assert set(part.bounded) in strong
            assert board.votes[np.ix_(part.bounded, part.bounded)].sum() == max(votes)
