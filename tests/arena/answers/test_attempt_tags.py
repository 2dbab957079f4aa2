import pytest

from arena.answers.attempt_tags import derive_attempt_tag
from arena.identity import hash_key


def test_tag_is_eight_characters_that_every_process_derives_alike():
    assert derive_attempt_tag(12, 3) == derive_attempt_tag(12, 3)
    assert len(derive_attempt_tag(12, 3)) == 8
    assert set(derive_attempt_tag(12, 3)) <= set("0123456789abcdef")


def test_tag_tells_attempts_and_answers_apart():
    tags = {derive_attempt_tag(answer, attempt) for answer in range(1, 101) for attempt in range(1, 4)}

    assert len(tags) == 300


@pytest.mark.parametrize(("one", "other"), [((1, 23), (12, 3)), ((1, 1), (11, 1))])
def test_tag_does_not_run_numbers_together(one, other):
    assert derive_attempt_tag(*one) != derive_attempt_tag(*other)


def test_tag_cannot_be_derived_without_the_key_of_the_installation():
    before = derive_attempt_tag(12, 3)

    hash_key._key = b"another"

    assert derive_attempt_tag(12, 3) != before
