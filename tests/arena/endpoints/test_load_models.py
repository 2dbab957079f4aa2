"""The commands `load_models` and `check_models`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from arena.models import Contestant
from catalog.models import LanguageModel

pytestmark = pytest.mark.django_db
ENTRY = '[[model]]\nslug = "{slug}"\nname = "{slug}"\nendpoint.kind = "echo"\n'


def run(path):
    return say("load_models", str(path))


def say(*command):
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def test_load_models_prints_counts_of_what_it_did(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(ENTRY.format(slug="one") + ENTRY.format(slug="two"))
    assert run(path) == "models: 2 created, 0 updated, 0 unchanged\n"

    path.write_text(path.read_text().replace('name = "two"', 'name = "Two"') + ENTRY.format(slug="three"))

    assert run(path) == "models: 1 created, 1 updated, 1 unchanged\n"


def test_load_models_names_the_models_that_are_not_drawn(tmp_path):
    LanguageModel.objects.create(slug="small", name="Small", context_window=4096)
    path = tmp_path / "models.toml"
    path.write_text(ENTRY.format(slug="one") + ENTRY.format(slug="small"))

    first, *others = run(path).splitlines()

    assert first == "models: 1 created, 1 updated, 0 unchanged"
    assert [line.split(",")[0] for line in others] == ["not drawn: small"]


def test_load_models_refuses_a_wrong_file_with_one_line_and_changes_nothing(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(ENTRY.format(slug="one") + '[[model]]\nslug = "two"\n')

    with pytest.raises(CommandError) as refusal:
        run(path)

    assert str(refusal.value) == "model two: name and endpoint are required for a new model"
    assert not LanguageModel.objects.exists()


def test_load_models_names_models_without_a_key_and_models_that_do_not_answer(tmp_path, monkeypatch):
    monkeypatch.delenv("Z_API_KEY", raising=False)
    server = 'endpoint.kind = "openai"\nendpoint.base_url = "http://127.0.0.1:9/v1"\nendpoint.model = "m"\n'
    path = tmp_path / "models.toml"
    path.write_text(
        ENTRY.format(slug="one")
        + f'[[model]]\nslug = "two"\nname = "Two"\n{server}'
        + f'[[model]]\nslug = "three"\nname = "Three"\n{server}endpoint.api_key_env = "Z_API_KEY"\n'
    )
    _, two, three = run(path).splitlines()
    assert two.startswith("no answer: two, unavailable, ")
    assert three == "no key: three, because the variable Z_API_KEY is not set"
    assert Contestant.objects.get(slug="two").endpoint.probe_failure == "unavailable"

    assert say("check_models") == f"{two}\n{three}\n"
    assert say("check_models", "one") == ""
    assert say("check_models", "two", "one") == f"{two}\n"
    Contestant.objects.filter(slug="two").update(endpoint=None)
    with pytest.raises(CommandError, match=r"^there is no enabled model two$"):
        say("check_models", "two", "three")
