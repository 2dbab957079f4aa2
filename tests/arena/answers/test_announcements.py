"""What web requests publish of a battle."""

from uuid import uuid4

from arena.answers import announcements
from arena.answers.announcements import stream_key, tell


def test_tell_adds_to_the_stream_of_a_battle(published, valkey):
    battle = uuid4()

    tell(battle, ["state", "voted"])

    assert published(battle) == [[["state", "voted"]]]
    assert 0 < valkey.ttl(stream_key(battle)) <= announcements.KEEP_S


def test_tell_is_lost_while_nobody_answers(nobody, caplog):
    tell(uuid4(), ["state", "voted"])

    assert "Redis is away" in caplog.text


def test_ask_to_stop_is_lost_while_nobody_answers(nobody, caplog):
    announcements.ask_to_stop(uuid4())

    assert "Redis is away" in caplog.text
