"""Events of a battle that web requests publish."""

from uuid import uuid4

from arena.answers import announcements
from arena.answers.announcements import EVENT_STREAM, announce_events


def test_tell_adds_to_the_stream_of_a_battle(published, valkey):
    battle = uuid4()

    announce_events(battle, ["state", "voted"])

    assert published(battle) == [[["state", "voted"]]]
    assert 0 < valkey.ttl(EVENT_STREAM) <= announcements.STREAM_TTL_S


def test_announcements_alone_do_not_keep_the_stream(valkey):
    announce_events(uuid4(), ["state", "voted"])
    valkey.expire(EVENT_STREAM, 5)

    announce_events(uuid4(), ["state", "voted"])

    assert 0 < valkey.ttl(EVENT_STREAM) <= 5


def test_tell_is_lost_while_nobody_answers(nobody, caplog):
    announce_events(uuid4(), ["state", "voted"])

    assert "Redis is down" in caplog.text


def test_ask_to_stop_is_lost_while_nobody_answers(nobody, caplog):
    announcements.request_stop(uuid4())

    assert "Redis is down" in caplog.text
