"""The pairs that ship with Arena."""

import pytest

from arena.judging.identity_leaks import has_leak
from arena.judging.model_names import collect_model_names
from arena.ready import shipped_pairs
from catalog.models import LanguageModel

PAIRS = list(shipped_pairs.load_pairs().values())


def test_twenty_pairs_have_different_questions_and_two_models_each():
    assert len(PAIRS) == 20
    assert len({pair.prompt for pair in PAIRS}) == 20
    for pair in PAIRS:
        assert len({answer.slug for answer in pair.answers.values()}) == 2
        assert all(answer.text.strip() for answer in pair.answers.values())
        for answer in pair.answers.values():
            assert answer.settings.keys() >= {"weights", "temperature", "max_tokens"}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: str(pair.id)[:8])
def test_no_answer_names_its_model(pair):
    makers = {"gemma-3-270m": "Google"}
    names = frozenset().union(
        *(
            collect_model_names(answer.name, answer.slug, answer.slug, makers.get(answer.slug, "Hugging Face"))
            for answer in pair.answers.values()
        )
    )
    assert not has_leak([(pair.prompt, [answer.text for answer in pair.answers.values()])], names)


@pytest.mark.django_db
def test_models_that_the_catalog_does_not_have_are_added_as_demo_models():
    pair = PAIRS[0]
    known = LanguageModel.objects.create(slug=pair.answers["a"].slug, name="Known")

    assert shipped_pairs.build_shared_battle(pair).contestants["b"].model.pk is None
    contestants = shipped_pairs.save_contestants(pair)
    models = {side: contestant.model for side, contestant in contestants.items()}

    assert models["a"] == known
    assert not models["a"].demo
    assert models["b"].demo
    assert models["b"].name == pair.answers["b"].name
