"""Certificates of boards, computed by the ratings worker."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from arena.models import Pool
from ratings.models import Board, BoardCertificate, Snapshot
from ratings.pipeline import board_refresh, certificates
from tests import factories

pytestmark = pytest.mark.django_db
DAYS_AGO = timedelta(days=2)


def cast(winner, loser, voters, age=DAYS_AGO, **fields):
    for number in voters:
        factories.cast(winner, loser, voter=factories.voter_id(number), created_at=now() - age, **fields)


def three_models(age=DAYS_AGO):
    """Publish a board: 20 of 30 voters prefer x to y, and nine of ten prefer y to z."""
    x, y, z = (factories.contestant(slug) for slug in "xyz")
    cast(x, y, range(20), age, multiplicity=5)
    cast(y, x, range(20, 30), age, multiplicity=5)
    cast(y, z, range(9), age, multiplicity=12)
    cast(z, y, [9], age, multiplicity=12)
    board_refresh.refresh()
    return x, y


def update():
    return [str(board) for board in certificates.update_certificates(budget_s=60)]


def test_certificate_says_how_many_voters_an_order_depends_on():
    three_models()
    assert update()[0] == "This arena · Overall"
    stored = BoardCertificate.objects.get(board__category__slug="overall")
    assert [(pair["above"], pair["below"]) for pair in stored.pairs] == [("x", "y"), ("y", "z")]
    assert [(pair["at_least"], pair["at_most"], pair["of"]) for pair in stored.pairs] == [(10, 10, 30), (7, 8, 30)]
    # Without the nine voters who prefer y, z never lost.
    assert stored.first == {"model": "x", "at_least": 7, "at_most": 9, "of": 30}


def test_votes_of_the_last_day_change_no_certificate():
    """Otherwise a voter could see from it whether their own vote counts."""
    x, y = three_models()
    assert len(update()) == 2
    before = list(BoardCertificate.objects.order_by("pk").values("pairs", "first"))
    cast(y, x, range(10), age=timedelta(hours=23), multiplicity=9)
    board_refresh.refresh()
    assert len(update()) == 2
    assert list(BoardCertificate.objects.order_by("pk").values("pairs", "first")) == before
    assert update() == []


def test_board_has_no_certificate_before_a_vote_is_a_day_old():
    three_models(age=timedelta(hours=1))
    assert update() == []
    assert not BoardCertificate.objects.exists()


def test_new_boards_come_first_and_the_work_is_short():
    x, y, z = (factories.contestant(slug) for slug in "xyz")
    factories.pool("elsewhere")
    cast(x, y, range(6), categories=["coding"])
    cast(y, z, range(6), pool="elsewhere")
    board_refresh.refresh()
    updated = [[str(board) for board in certificates.update_certificates(budget_s=0)] for _ in range(6)]
    assert sorted(updated[:2]) == [["This arena · Overall"], ["elsewhere · Overall"]]
    assert sorted(updated[2:5]) == [
        ["This arena · Coding"],
        ["This arena · Without ties"],
        ["elsewhere · Without ties"],
    ]
    assert updated[5] == []


def test_reference_boards_and_style_have_no_certificate():
    three_models()
    board = Board.objects.get(category__slug="overall")
    Board.objects.create(pool=board.pool, category=board.category, style_control=True)
    Pool.objects.update(kind=Pool.Kind.REFERENCE)
    assert update() == []


def test_failure_is_logged_and_leaves_no_numbers(caplog):
    three_models()
    Snapshot.objects.update(rows=b"")
    update()
    assert "The certificate of This arena · Overall could not be computed" in caplog.text
    stored = BoardCertificate.objects.get(board__category__slug="overall")
    assert (stored.pairs, stored.first) == ([], None)
