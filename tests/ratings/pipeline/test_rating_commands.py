"""recompute_ratings and verify_ratings."""

import pytest
from django.core.management import CommandError, call_command

from ratings.boards.snapshots import BoardKey, load_newest_board
from ratings.models import Outbox, Snapshot, Tally
from ratings.pipeline import board_refresh
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def voted():
    """Votes with all outcomes and both orders in two pools, with weights and categories; some wait or do not count."""
    x, y, z = (factories.contestant(slug) for slug in "xyz")
    for a, b in ((x, y), (y, x), (z, x)):
        for winner in ("a", "b", "tie", "both_bad"):
            factories.cast(a, b, winner, multiplicity=3, categories=["coding", "coding"], voter=factories.voter_id(1))
    factories.cast(x, y, pool="api")
    factories.cast(x, y, counted=False, reason="leak")
    board_refresh.refresh()
    factories.cast(x, y)


def run(capsys, *words):
    call_command(*words)
    return capsys.readouterr().out


def contents():
    return list(Tally.objects.order_by("pk").values_list()), Snapshot.objects.count(), Outbox.objects.count()


def test_recompute_publishes_all_boards_and_counts_them(capsys, voted):
    output = run(capsys, "recompute_ratings")
    assert set(output.splitlines()) == {
        *(f"live/overall by {method}: 37 votes" for method in ("bt", "elo")),
        *(f"live/exclude-ties by {method}: 19 votes" for method in ("bt", "elo")),
        *(f"live/coding by {method}: 36 votes" for method in ("bt", "elo")),
        *(
            f"api/{category} by {method}: 1 vote"
            for category in ("overall", "exclude-ties")
            for method in ("bt", "elo")
        ),
        "10 boards published",
    }
    assert load_newest_board(BoardKey("live", "overall", False, "bt"))["votes"] == 37


def test_recompute_of_one_pool_leaves_the_others(capsys, voted):
    Outbox.objects.all().delete()
    before = Snapshot.objects.filter(board__pool__slug="live").count()
    output = run(capsys, "recompute_ratings", "--pool", "api")
    assert "api/overall by bt: 1 vote\n" in output
    assert "live" not in output
    assert Snapshot.objects.filter(board__pool__slug="live").count() == before


def test_recompute_from_scratch_repairs_what_verify_finds(capsys, voted):
    Tally.objects.filter(board__category__slug="coding").update(wins=0, losses=0)
    with pytest.raises(CommandError):
        call_command("verify_ratings")

    run(capsys, "recompute_ratings", "--from-scratch")

    assert "against the votes" in run(capsys, "verify_ratings")


def test_verify_counts_what_it_checked(capsys, voted):
    before = contents()
    output = run(capsys, "verify_ratings")
    assert output == "verified 8 tallies in 3 pools against the votes; 1 vote in the outbox\n"
    assert contents() == before


def test_verify_names_the_first_difference_and_finds_a_vote_that_was_forgotten(voted):
    """The last vote counts, but it is neither in the tallies nor in the outbox."""
    tally = Tally.objects.filter(board__pool__slug="api", board__category__slug="overall")
    for outcome, votes in (("wins", 1), ("losses", 0), ("ties", 0), ("both_bad", 0)):
        tally.update(**{outcome: votes + 5})
        difference = f"^api/overall, x against y: the tally has {votes + 5} {outcome}, but the votes add up to {votes}$"
        with pytest.raises(CommandError, match=difference):
            call_command("verify_ratings")
        tally.update(**{outcome: votes})
    factories.vote(factories.contestant("x"), factories.contestant("y"), "tie", pool="api")
    with pytest.raises(CommandError, match="api/overall, x against y: the tally has 0 ties, but the votes add up to 1"):
        call_command("verify_ratings")


def test_commands_refuse_an_unknown_pool_and_change_nothing(voted):
    before = contents()
    for command in ("recompute_ratings", "verify_ratings"):
        with pytest.raises(CommandError, match=r"^There is no pool named 'nowhere'\.$"):
            call_command(command, "--pool", "nowhere")
    assert contents() == before
