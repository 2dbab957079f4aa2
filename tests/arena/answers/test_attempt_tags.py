import pytest

from arena.answers.attempt_tags import tag
from arena.identity import hash_key


def test_tag_is_eight_characters_that_every_process_derives_alike():
    assert tag(12, 3) == tag(12, 3)
    assert len(tag(12, 3)) == 8
    assert set(tag(12, 3)) <= set("0123456789abcdef")


def test_tag_tells_attempts_and_answers_apart():
    tags = {tag(answer, attempt) for answer in range(1, 101) for attempt in range(1, 4)}

    assert len(tags) == 300


@pytest.mark.parametrize(("one", "other"), [((1, 23), (12, 3)), ((1, 1), (11, 1))])
def test_tag_does_not_run_numbers_together(one, other):
    assert tag(*one) != tag(*other)


def test_tag_cannot_be_derived_without_the_key_of_the_installation():
    before = tag(12, 3)

    hash_key._key = b"another"

    assert tag(12, 3) != before
