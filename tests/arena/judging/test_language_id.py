"""Short prompts in 32 languages, and texts in no certain language (`languages.toml`)."""

import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from arena.judging import language_id
from arena.judging.language_id import LANGUAGES, detect_language
from tests.races import at_once

SAMPLES = tomllib.loads(Path(__file__).with_name("languages.toml").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize(("table", "least"), [("chosen", 0.93), ("held_out", 0.97)])
def test_language_is_rarely_unknown_and_hardly_ever_wrong(table, least):
    prompts = [(language, prompt) for language, prompts in SAMPLES[table].items() for prompt in prompts]
    found = [detect_language(prompt) for _, prompt in prompts]
    right = sum(name == spoken for name, (spoken, _) in zip(found, prompts, strict=True))

    assert len({spoken for spoken, _ in prompts}) == 32
    assert right >= least * len(prompts)
    assert len(prompts) - found.count(None) - right <= 1


@pytest.mark.parametrize("text", ["", " \n", *SAMPLES["uncertain"]])
def test_language_is_none_where_nothing_is_certain(text):
    assert detect_language(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Warum geht das nicht?\n```python\nprint('this is an English sentence in the code')\n```", "German"),
        ("Pourquoi cette page ne marche pas ? https://example.com/this/is/the/english/part", "French"),
        ("Was ist das Integral von $x^2 + 3x$ auf dem Intervall?", "German"),
        ("```\nthis is only a sentence inside of a block of code\n```", None),
        ("the the the cat sat on the mat and looked at me " * 3_000, "English"),
        ("Bjørnen sover ikke i vinter fordi den er veldig sulten", "Norwegian"),
    ],
)
def test_language_is_that_of_the_prose(text, expected):
    assert detect_language(text) == expected


def test_languages_have_one_name_each_but_written_norwegian():
    assert len(LANGUAGES) == len(set(LANGUAGES.values())) + 1


@pytest.mark.parametrize("piece", ["a", "a\u0301\u0327", "\u0301\u0327", "x(", "\n", "```\n", "我", "<", "a b "])
def test_language_takes_linear_time_whatever_the_text(piece):
    began = time.process_time()

    detect_language(piece * (32_000 // len(piece)))

    assert time.process_time() - began < 5


@pytest.mark.slow
def test_model_is_loaded_once_however_many_ask_at_once_and_nothing_is_left_for_the_first_vote_to_wait_for():
    language_id._load_identifier.cache_clear()
    at_once(4, lambda number: language_id.preload_identifier())

    assert at_once(20, lambda number: detect_language("Bonjour tout le monde")) == ["French"] * 20
    assert language_id._load_identifier.cache_info().misses == 1


@pytest.mark.slow
def test_model_is_in_a_file_and_hardly_in_the_memory_of_the_process():
    code = """
import numpy, psutil
from arena.judging.language_id import preload_identifier
from core.process import return_freed_memory

own = lambda: psutil.Process().memory_full_info().uss / 2**20
before = own()
preload_identifier()
return_freed_memory()
print(own() - before)"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert float(result.stdout) < 20  # the model has 60 MB
