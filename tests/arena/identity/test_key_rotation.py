"""A new SECRET_KEY with the old one as fallback: cookies and hashes stay valid."""

import json

import pytest

from arena.answers import announcements
from arena.identity import voters
from arena.judging import vote_rules
from arena.models import Vote
from ratings.interchange.import_votes import import_file
from tests.arena import factories

pytestmark = pytest.mark.django_db
NEW = "another-key-" * 6


@pytest.fixture
def rotate(settings):
    """A function that restarts the service under a new key."""

    def start_again(fallbacks=(settings.SECRET_KEY,)):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, list(fallbacks)
        voters.cookie_signer = type(cookie_signer)(salt=cookie_signer.salt)
        voters.current_key_signer = type(cookie_signer)(salt=cookie_signer.salt, fallback_keys=[])

    cookie_signer, current = voters.cookie_signer, voters.current_key_signer
    yield start_again
    voters.cookie_signer, voters.current_key_signer = cookie_signer, current


def test_anonymous_voter_keeps_the_battles_and_gets_a_cookie_under_the_new_key(client, rotate):
    battle = factories.battle()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(battle.voter_id))
    rotate()

    answer = client.get(f"/battles/{battle.pk}/")

    assert answer.status_code == 200
    assert answer.cookies[voters.VOTER_COOKIE].value == voters.cookie_signer.sign(str(battle.voter_id))
    rotate(fallbacks=())
    assert client.get(f"/battles/{battle.pk}/").status_code == 200
    assert voters.VOTER_COOKIE not in client.get(f"/battles/{battle.pk}/").cookies


def test_cookie_under_a_key_that_is_no_fallback_any_more_opens_nothing(client, rotate):
    battle = factories.battle()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(battle.voter_id))
    rotate(fallbacks=())

    assert client.get(f"/battles/{battle.pk}/").status_code == 404


def test_repeated_prompt_is_recognized_after_a_rotation(rotate):
    prompt_hash = vote_rules.hash_prompt("Why?")
    rotate()

    assert vote_rules.hash_prompt("Why?") == prompt_hash


def test_tag_of_an_attempt_is_the_same_after_a_rotation(rotate):
    tag = announcements.derive_attempt_tag(12, 3)
    rotate()

    assert announcements.derive_attempt_tag(12, 3) == tag


@pytest.mark.django_db(transaction=True)
def test_voters_of_an_imported_file_are_the_same_after_a_rotation(rotate, tmp_path):
    for number in (1, 2):
        path = tmp_path / f"{number}.jsonl"
        row = {"model_a": "x", "model_b": "y", "winner": "model_a", "judge": "ann", "note": number}
        path.write_text(json.dumps(row))
        import_file(path, "mine")
        rotate()

    assert len(set(Vote.objects.values_list("voter", flat=True))) == 1
