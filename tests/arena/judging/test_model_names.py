"""The names that reveal a catalog entry."""

import pytest

from arena.judging.fuzzy_match import squeeze_text
from arena.judging.model_names import MAKERS, collect_model_names, find_known_names, get_families
from arena.judging.word_lists import load_lists


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (("GPT-4o", "gpt-4o", "gpt-4o", "OpenAI"), {"gpt4o", "gpt", "chatgpt", "openai"}),
        (("Claude 3.5 Sonnet", "claude-3-5-sonnet", "", ""), {"claude", "claude35sonnet", "anthropic"}),
        (("Llama 3 8B", "llama-3-8b", "meta-llama/Meta-Llama-3-8B", ""), {"llama", "llama38b", "meta"}),
        (("R1", "r1", "deepseek-ai/DeepSeek-R1", ""), {"r1", "deepseek", "deepseekr1"}),
        (("DeepSeek R1 Qwen 7B", "ds-qwen", "", ""), {"deepseek", "qwen", "alibaba"}),
        (("SmolLM2 135M Instruct", "smollm2-135m-instruct", "", "Hugging Face"), {"smollm2", "smollm", "huggingface"}),
        (("Quokka 7B", "quokka-7b", "", "Marsupial Labs"), {"quokka", "quokka7b", "marsupiallabs"}),
        (("Model Quokka", "q", "", ""), {"quokka"}),
        (("Yi-34B", "yi-34b", "", "01.AI"), {"yi", "01ai", "yi34b"}),
        (("Stable LM 2", "stablelm-2", "", ""), {"stablelm", "stablelm2"}),
        (("通义千问", "qwen", None, None), {"通义千问", "qwen"}),
    ],
)
def test_names_of_gives_names_family_and_maker(entry, expected):
    assert expected <= collect_model_names(*entry)


@pytest.mark.parametrize(
    "entry",
    [
        *(
            ("base", "base"),
            ("Chat", "chat"),
            ("7B", "7b"),
            ("8x7B Instruct", "8x7b-instruct-v0.1"),
            ("Model-001", "model-001"),
        ),
        *(
            ("A", "a"),
            ("Mini", "mini", "model-v2", "Research Group"),
            ("it", "it", None, None),
            ("Pro (new)", "pro", "", "MIT"),
        ),
    ],
)
def test_names_of_makes_no_name_of_words_that_many_models_share(entry):
    assert collect_model_names(*entry) == frozenset()


@pytest.mark.parametrize(
    ("entry", "unexpected"),
    [
        (("Stable LM 2", "stablelm-2", "", "Stability AI"), {"stable", "stability"}),
        (("SmolLM2 (variant: temperature 1.2)", "smollm2-warm"), {"temperature", "variant", "warm"}),
        (("Quokka", "quokka", "accounts/fireworks/models/steady"), {"accounts", "fireworks", "models", "steady"}),
        (("Quokka", "quokka", "", "University of the Bush"), {"university", "bush"}),
        (("Quokka", "quokka", "", "Together AI"), {"together"}),
    ],
)
def test_names_of_takes_no_ordinary_word_out_of_a_longer_name(entry, unexpected):
    assert unexpected.isdisjoint(collect_model_names(*entry))


def test_known_adds_what_belongs_to_a_family():
    assert find_known_names("an OpenAI-compatible server") == get_families()["gpt"]
    assert find_known_names("nothing") == set()


def test_makers_are_all_in_a_family_and_no_word_is_in_two():
    assert get_families().keys() >= MAKERS
    words = load_lists("model_names")["families"].split()
    assert len(words) == len({squeeze_text(word) for word in words})
