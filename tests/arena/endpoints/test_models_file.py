"""The models file: loaded in full or not at all, with one sentence about what is wrong."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from arena.endpoints import models_file
from arena.models import Contestant, Endpoint, EndpointCall
from catalog.facts.claims import HAND_SOURCE, record_claims
from catalog.facts.fields import Claim
from catalog.models import Fact, LanguageModel, License, Organization
from tests import factories
from tests.arena import factories as arena_factories

pytestmark = pytest.mark.django_db
OPENAI = 'endpoint.kind = "openai"\nendpoint.base_url = "https://api.good.example/v1"\nendpoint.model = "good"'

GOOD = """
[[model]]
slug = "good-1"
name = "Good One"
organization = "Good Inc."
license = "MIT"
open_weights = true
endpoint.kind = "openai"
endpoint.base_url = "https://api.good.example/v1/"
endpoint.model = "good-one-2025"
endpoint.api_key_env = "GOOD_API_KEY"
endpoint.max_tokens = 300
endpoint.temperature = 0
endpoint.max_concurrency = 2
endpoint.tokens_per_day = 2_000_000
endpoint.thinking_tokens = 8192
endpoint.first_token_timeout_s = 60
endpoint.parameters = { top_p = 0.9, stop = ["a", "b"] }
"""
OPENAI = 'endpoint.kind = "openai"\nendpoint.model = "m"\nendpoint.base_url = "https://a.example/v1"\n'

SERVER = "\n".join(
    line
    for line in GOOD.splitlines()
    if line.startswith(("endpoint.kind", "endpoint.b", "endpoint.model", "endpoint.api"))
)  # of the good entry


@pytest.fixture(autouse=True)
def nothing_private(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_allow_private_endpoints=())


@pytest.fixture
def file(tmp_path):
    def write(text, name="models.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def bad(*lines, kind="echo"):
    """A second entry that is wrong only in these lines."""
    given = "\n".join(lines)
    usual = {"slug": 'slug = "bad"', "name": 'name = "Bad"', "endpoint.kind": f'endpoint.kind = "{kind}"'}
    rest = [line for field, line in usual.items() if not any(each.startswith(field) for each in lines)]
    if "endpoint = " in given:
        rest = [line for line in rest if not line.startswith("endpoint")]
    return "\n".join(["[[model]]", *rest, *lines])


def server(*lines):
    """The same for a model that a server runs."""
    usual = [
        line for line in OPENAI.splitlines() if not any(line.split(" ")[0] == given.split(" ")[0] for given in lines)
    ]
    return bad(*usual, *lines)


WRONG = {
    "a lone table": ('[model]\nslug = "bad"', "must start with [[model]]"),
    "another name at the top": ('[[models]]\nslug = "bad"', "'models' is an unknown name"),
    "a list of texts": ('model = ["bad"]', "must start with [[model]]"),
    "an unknown field": (bad('colour = "red"'), "model bad: 'colour' is not a known field; use slug, name"),
    "an unknown endpoint field": (bad('endpoint.url = "x"'), "model bad: endpoint: 'url' is not a known field"),
    "a key in the file": (bad('endpoint.api_key = "sk-1"'), "model bad: endpoint: 'api_key' is not a known field"),
    "no slug": (
        '[[model]]\nname = "Bad"\nendpoint.kind = "echo"',
        "model 2: slug can contain only a-z, 0-9, “.”, and “-”",
    ),
    "an empty slug": (bad('slug = ""'), "slug can contain only a-z, 0-9, “.”, and “-”"),
    "a slug with capitals": (bad('slug = "Bad"'), "model Bad: slug can contain only a-z, 0-9, “.”, and “-”"),
    "a slug with a slash": (bad('slug = "a/b"'), "slug can contain only a-z, 0-9, “.”, and “-”"),
    "a slug with a newline": (bad('slug = "bad\\n"'), "slug can contain only a-z, 0-9, “.”, and “-”"),
    "a slug with letters of elsewhere": (bad('slug = "größe"'), "slug can contain only a-z, 0-9, “.”, and “-”"),
    "a slug that leads to the folder above": (bad('slug = ".."'), "and must contain a letter or digit"),
    "a slug that leads nowhere": (bad('slug = "."'), "must contain a letter or digit"),
    "a slug that is a number": (bad("slug = 7"), "slug must be text"),
    "a slug without an end": (bad(f'slug = "{"a" * 201}"'), "slug is too long or contains NUL"),
    "a slug that stands twice": (bad('slug = "good-1"'), "model good-1: this slug appears twice"),
    "no name": ('[[model]]\nslug = "bad"\nendpoint.kind = "echo"', "model bad: name is missing"),
    "an empty name": (bad('name = ""'), "model bad: name is missing"),
    "a name with NUL": (bad('name = "a\\u0000b"'), "name is too long or contains NUL"),
    "a name without an end": (bad(f'name = "{"a" * 201}"'), "name is too long or contains NUL"),
    "a name that is a list": (bad('name = ["Bad"]'), "name must be text"),
    "an organization that is a table": (bad('organization = { name = "x" }'), "organization must be text"),
    "a license that is a time": (bad("license = 2025-01-01"), "license must be text"),
    "open weights in words": (bad('open_weights = "yes"'), "open_weights must be true or false"),
    "enabled as a number": (bad("enabled = 1"), "enabled must be true or false"),
    "no endpoint": ('[[model]]\nslug = "bad"\nname = "Bad"', "model bad: endpoint is missing"),
    "an empty endpoint": (bad("endpoint = {}"), "model bad: endpoint is missing"),
    "an endpoint that is a text": (bad('endpoint = "https://a.example"'), "endpoint must be a table"),
    "no kind": (bad("endpoint = { max_tokens = 5 }"), "endpoint.kind must be one of openai, anthropic, gemini"),
    "an unknown kind": (bad('endpoint.kind = "grpc"'), "endpoint.kind must be one of openai, anthropic, gemini"),
    "a kind that is a number": (bad("endpoint.kind = 3"), "endpoint: kind must be text"),
    "no address": (bad('endpoint.model = "m"', kind="openai"), "endpoint.base_url is missing"),
    "no model at its server": (bad('endpoint.base_url = "https://a.example"', kind="gemini"), "model is missing"),
    "an address that is none": (server('endpoint.base_url = "a.example"'), "base_url is not an http or https URL"),
    "a file as an address": (server('endpoint.base_url = "file:///etc/passwd"'), "is not an http or https URL"),
    "a password in the address": (
        server('endpoint.base_url = "https://a:b@a.example"'),
        "contains a user name or password",
    ),
    "a key in the address": (server('endpoint.base_url = "https://a.example/v1?key=sk-1"'), "contains a query or"),
    "a key in an address that is not asked": (
        bad('endpoint.base_url = "https://a.example?key=sk-1"'),
        "contains a query",
    ),
    "an address inside the house": (
        server('endpoint.base_url = "http://10.0.0.7/v1"'),
        "which is not a public address",
    ),
    "the metadata server": (server('endpoint.base_url = "http://169.254.169.254/"'), "is not a public address"),
    "an address of loopback": (
        server('endpoint.base_url = "http://localhost:8080/v1"'),
        "which is not a public address",
    ),
    "an address without a port": (server('endpoint.base_url = "https://a.example:x/"'), "base_url is not a URL"),
    "an address without an end": (server(f'endpoint.base_url = "https://a.example/{"a" * 500}"'), "is too long"),
    "a key for a variable": (
        bad('endpoint.api_key_env = "sk-abc"'),
        "must be the name of an environment variable",
    ),
    "a setting of ours": (
        bad('endpoint.api_key_env = "SECRET_KEY"'),
        "endpoint.api_key_env names SECRET_KEY, but ARENA_KEY_NAMES allows only *_API_KEY",
    ),
    "a variable without an end": (bad(f'endpoint.api_key_env = "{"A" * 101}"'), "api_key_env is too long"),
    "no tokens": (bad("endpoint.max_tokens = 0"), "endpoint.max_tokens must be between 1 and 1,000,000"),
    "tokens without end": (bad("endpoint.max_tokens = 1000001"), "max_tokens must be between 1 and 1,000,000"),
    "half a token": (bad("endpoint.max_tokens = 1.5"), "max_tokens must be a whole number"),
    "tokens that are true": (bad("endpoint.max_tokens = true"), "max_tokens must be a whole number"),
    "no thought": (bad("endpoint.thinking_tokens = 0"), "thinking_tokens must be between 1 and 1,000,000"),
    "no wait": (bad("endpoint.first_token_timeout_s = 0"), "first_token_timeout_s must be above 0 and at most 600"),
    "a wait without end": (bad("endpoint.first_token_timeout_s = inf"), "first_token_timeout_s must be above 0"),
    "no token": (bad("endpoint.tokens_per_day = 0"), "tokens_per_day must be between 1 and 1,000,000,000,000"),
    "no place": (bad("endpoint.max_concurrency = -1"), "max_concurrency must be between 1 and 1,000,000"),
    "a fever": (bad("endpoint.temperature = 2.1"), "endpoint.temperature must be between 0 and 2"),
    "a temperature that is no number": (bad("endpoint.temperature = nan"), "temperature must be between 0 and 2"),
    "a temperature without end": (bad("endpoint.temperature = inf"), "temperature must be between 0 and 2"),
    "a temperature in words": (bad('endpoint.temperature = "hot"'), "temperature must be a number"),
    "parameters in a row": (bad("endpoint.parameters = [1]"), "parameters must be a table"),
    "a time among the parameters": (
        bad("endpoint.parameters = { a = 07:30:00 }"),
        "parameters must be valid JSON",
    ),
    "no number among the parameters": (bad("endpoint.parameters = { a = [nan] }"), "must be valid JSON"),
    "NUL among the parameters": (bad('endpoint.parameters = { a = "\\u0000" }'), "must be valid JSON"),
    "half a letter among the parameters": (bad('endpoint.parameters = { a = "\\ud800" }'), "is not valid TOML: "),
    "parameters that are too deep": (
        bad(f"endpoint.parameters = {{ a = {'[' * 100}{']' * 100} }}"),
        "must be valid JSON",
    ),
    "what a request itself has among the parameters": (
        bad('endpoint.parameters = { top_p = 1, stream = false, messages = [], model = "other" }'),
        "endpoint.parameters must not contain messages, model, stream, which Arena sets itself",
    ),
    "a key among the parameters": (
        bad('endpoint.parameters = { headers = [{ X-Api-Key = "sk-1" }] }'),
        "must not contain 'X-Api-Key'; put the key in an environment variable",
    ),
    "a header that is a number": (bad("endpoint.headers = { X-Team = 7 }"), "names of headers with texts of one line"),
    "a header of two lines": (bad('endpoint.headers = { X-Team = "a\\nHost: b" }'), "with texts of one line"),
    "a header without a name": (bad('endpoint.headers = { "" = "a" }'), "must contain names of headers"),
    "a header of ours": (
        bad('endpoint.headers = { Content-Type = "text/html" }'),
        "must not contain Content-Type, which",
    ),
    "a header without an end": (bad(f'endpoint.headers = {{ X-Team = "{"a" * 1001}" }}'), "must not exceed 1000"),
    "a key among the headers": (
        bad('endpoint.headers = { X-Auth-Token = "sk-1" }'),
        "must not contain 'X-Auth-Token'; put",
    ),
    "a conversation without a question": (
        bad('endpoint.conversation_field = "messages"'),
        "endpoint.conversation_field must not be messages, which the request has already",
    ),
    "a conversation among the parameters": (
        bad('endpoint.conversation_field = "user"', 'endpoint.parameters = { user = "me" }'),
        "must not be user, which the request has already",
    ),
    "a variant of nobody": (bad('variant_of = "nobody"'), "variant_of must be the slug of a model or of another"),
    "a variant of itself": (bad('variant_of = "bad"'), "variant_of must be the slug of a model or of another"),
    "a variant with a license": (
        bad('variant_of = "good-1"', 'license = "MIT"'),
        "license is a fact of a catalog model; a variant or a system has none of its own",
    ),
    "a system with a maker": (
        bad('endpoint.system = "Be good."', 'organization = "Good Inc."'),
        "organization is a fact of a catalog model",
    ),
    "limits that disagree": (
        bad(*SERVER.splitlines(), 'variant_of = "good-1"', "endpoint.max_concurrency = 3"),
        "models good-1 and bad share an endpoint, so endpoint.max_concurrency cannot be 2 for one and 3 for the other",
    ),
    "budgets that disagree": (
        bad(*SERVER.splitlines(), "endpoint.tokens_per_day = 1"),
        "models good-1 and bad share an endpoint, so endpoint.tokens_per_day cannot be 2000000 for one and 1 for",
    ),
    "waits that disagree": (
        bad(*SERVER.splitlines(), "endpoint.first_token_timeout_s = 61"),
        "models good-1 and bad share an endpoint, so endpoint.first_token_timeout_s cannot be 60 for one and 61 for",
    ),
    "a switch for nobody": (
        '[[model]]\nslug = "bad"\nenabled = false',
        "name and endpoint are required",
    ),
    "a line that is not TOML": ("[[model]\n", "is not valid TOML: "),
    "a number without an end": (f"model = {'9' * 5000}", "is not valid TOML: "),
    "lists without an end": (f"model = {'[' * 5000}", "is not valid TOML: "),
}


@pytest.mark.parametrize(("entry", "sentence"), WRONG.values(), ids=WRONG)
def test_load_refuses_a_wrong_file_whole_with_one_sentence(file, entry, sentence):
    path = file(entry if entry.startswith(("model", "[model]", "[[models]]")) else GOOD + entry)

    with pytest.raises(ValueError) as refusal:  # The sentence is checked below.
        models_file.load_models(path)

    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value).strip()
    assert not LanguageModel.objects.exists()
    assert not Endpoint.objects.exists()
    assert not Contestant.objects.exists()
    assert not Organization.objects.exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("binary.toml", "is not valid TOML"), ("missing.toml", "cannot be read: No such file"), (".", "Is a directory")],
)
def test_load_refuses_what_it_cannot_read(file, name, sentence):
    folder = file(b"\xff\xfe", "binary.toml").parent

    with pytest.raises(ValueError, match=sentence):
        models_file.load_models(folder / name)


def test_load_makes_a_model_with_its_endpoint(file):
    other = factories.endpoint()

    assert models_file.load_models(file(GOOD)) == {"created": 1}

    assert other.contestants.get().enabled
    model = LanguageModel.objects.exclude(contestants__endpoint=other).get()
    assert (model.slug, model.name, model.open_weights) == ("good-1", "Good One", True)
    assert (model.organization.name, model.license.name) == ("Good Inc.", "MIT")
    contestant = model.contestants.get()
    endpoint = contestant.endpoint
    assert (contestant.slug, contestant.name, contestant.plain) == ("good-1", "Good One", True)
    assert (endpoint.kind, endpoint.base_url) == ("openai", "https://api.good.example/v1")
    assert (endpoint.upstream_id, endpoint.api_key_env) == ("good-one-2025", "GOOD_API_KEY")
    assert (contestant.max_tokens, contestant.temperature, endpoint.max_concurrency) == (300, 0.0, 2)
    assert (endpoint.tokens_per_day, contestant.thinking_tokens) == (2_000_000, 8192)
    assert endpoint.first_token_timeout_s == 60
    assert contestant.parameters == {"top_p": 0.9, "stop": ["a", "b"]}
    assert contestant.enabled


def test_load_of_the_same_file_changes_nothing(file):
    models_file.load_models(file(GOOD))
    before = [list(kind.objects.values()) for kind in (LanguageModel, Contestant, Endpoint)]

    assert models_file.load_models(file(GOOD)) == {"unchanged": 1}
    assert models_file.load_models(file("")) == {}
    assert [list(kind.objects.values()) for kind in (LanguageModel, Contestant, Endpoint)] == before


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ('name = "Good One"', 'name = "Better"', "model__name", "Better"),
        ('license = "MIT"', 'license = "GPL"', "model__license__name", "GPL"),
        ("max_tokens = 300", "max_tokens = 301", "max_tokens", 301),
        ("endpoint.max_tokens = 300\n", "", "max_tokens", None),
        ("temperature = 0", "temperature = 0.5", "temperature", 0.5),
        ('"a", "b"', '"a"', "parameters", {"top_p": 0.9, "stop": ["a"]}),
        ('name = "Good One"', 'name = "Good One"\nenabled = false', "enabled", False),
        ('name = "Good One"', 'name = "Good One"\ndemo = true', "model__demo", True),
    ],
)
def test_load_changes_what_is_new_in_the_file(file, old, new, field, value):
    models_file.load_models(file(GOOD))

    loaded = models_file.load_models(file(GOOD.replace(old, new)))

    assert loaded == {"updated": 1}
    assert Contestant.objects.values_list(field, flat=True).get() == value


def test_load_stores_the_facts_in_a_file_as_set_by_hand(file):
    models_file.load_models(file(GOOD))
    models_file.load_models(file(GOOD.replace('license = "MIT"', 'license = "GPL"')))

    facts = Fact.objects.filter(chosen=True, origin="hand", source=HAND_SOURCE, as_of=datetime.now(UTC).date())
    assert {fact.field: fact.value for fact in facts} == {
        "organization": "Good Inc.", "license": "GPL", "open_weights": True,
    }  # fmt: skip
    assert Fact.objects.count() == 3


def test_load_leaves_facts_that_agree_with_the_file_to_their_source(file):
    known = factories.model("good-1")
    record_claims({known.pk: [Claim("license", "MIT", "the card", date(2026, 1, 2))]}, Fact.Origin.SHIPPED)

    models_file.load_models(file(GOOD))

    assert not known.facts.get(field="license").by_hand
    assert known.facts.get(field="open_weights").by_hand


def test_load_keeps_facts_of_which_the_file_says_nothing(file):
    known = factories.model("good-1", license=factories.license("Apache-2.0"), context_window=8192, open_weights=True)

    models_file.load_models(file('[[model]]\nslug = "good-1"\nname = "Good"\nendpoint.kind = "echo"\nlicense = ""\n'))

    known.refresh_from_db()
    assert (known.name, known.license.name, known.context_window) == ("Good", "Apache-2.0", 8192)
    assert known.open_weights is True


@pytest.mark.parametrize(
    ("before", "endpoint", "line", "demo"),
    [
        (False, 'endpoint.kind = "eliza"', "", True),
        (False, 'endpoint.kind = "echo"', "", True),
        (False, 'endpoint.kind = "echo"', "demo = false", False),
        (True, OPENAI, "", True),  # set in the admin
        (True, OPENAI, "demo = false", False),
        (False, OPENAI, "", False),
    ],
)
def test_load_marks_the_models_that_are_only_for_demos(file, before, endpoint, line, demo):
    model = factories.model("good-1", demo=before)
    models_file.load_models(file(f'[[model]]\nslug = "good-1"\nname = "Good"\n{line}\n{endpoint}\n'))
    model.refresh_from_db()
    assert model.demo is demo


@pytest.mark.parametrize("enabled", [True, False])
def test_load_switches_a_known_model(file, enabled):
    endpoint = factories.endpoint(factories.model("known"), enabled=not enabled)

    loaded = models_file.load_models(file(f'[[model]]\nslug = "known"\nenabled = {str(enabled).lower()}\n'))

    assert loaded["updated"] == 1
    assert endpoint.contestants.get().enabled is enabled


def test_load_tells_organizations_apart_whose_names_have_the_same_letters(file):
    names = ["Good Inc.", "good inc", "智谱", "月之暗面", "x" * 200, "x" * 199 + "y"]
    entries = (GOOD.replace("good-1", f"m-{n}").replace("Good Inc.", name) for n, name in enumerate(names))

    models_file.load_models(file("".join(entries)))

    assert set(Organization.objects.values_list("name", flat=True)) == set(names)
    assert Organization.objects.values("slug").distinct().count() == len(names)
    assert License.objects.count() == 1


def test_load_lets_private_addresses_in_that_were_allowed(file, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_allow_private_endpoints=("10.0.0.0/8",))

    models_file.load_models(file(GOOD + server('endpoint.base_url = "http://10.0.0.7/v1"')))

    assert LanguageModel.objects.count() == 2


@pytest.mark.parametrize(
    "name",
    [
        "api_key", "API-Key", "apikey", "x-api-key", "x-goog-api-key", "openai_api_key", "Authorization",
        "proxy-authorization", "token", "access_token", "auth-token", "secret", "client_secret",
        "aws_secret_access_key", "password", "Cookie",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", [lambda held: held, lambda held: {"extra": {"headers": held}}, lambda held: [held]])
def test_parameters_hold_no_key(name, around):
    endpoint = {"kind": "echo", "parameters": {"top_p": 1, "more": around({name: "sk-1"})}}
    with pytest.raises(models_file.InvalidFieldError) as wrong:
        models_file.check_endpoint("x", endpoint)
    assert (wrong.value.field, name in wrong.value.problem, "sk-1" in str(wrong.value)) == ("parameters", True, False)


@pytest.mark.parametrize(
    "name",
    [
        "max_tokens", "max_completion_tokens", "stop_token_ids", "prompt_cache_key", "tokenizer", "logit_bias",
        "budget_tokens", "key", "keys", "return_tokens",
    ],
)  # fmt: skip
def test_parameters_may_be_about_tokens(name):
    models_file.check_endpoint("x", {"kind": "echo", "parameters": {name: {name: [1]}}})


def variant(*lines, slug="brief", of="good-1", system="Be brief."):
    """An entry that shares the endpoint of the good entry."""
    named = [f'slug = "{slug}"', f'name = "{slug.title()}"', *([f'variant_of = "{of}"'] if of else [])]
    prompt = [f'endpoint.system = "{system}"'] if system is not None else []
    return "\n".join(["", "[[model]]", *named, SERVER, *prompt, *lines, ""])


def load(file, *entries):
    return models_file.load_models(file("".join(entries)))


def test_entries_with_the_same_server_share_an_endpoint(file):
    assert load(file, variant("endpoint.temperature = 1"), GOOD) == {"created": 2}

    model, brief = LanguageModel.objects.get(), Contestant.objects.get(slug="brief")
    assert (brief.name, brief.model, brief.plain, brief.predecessor) == ("Brief", model, False, None)
    assert (brief.system, brief.temperature, brief.max_tokens, brief.parameters) == ("Be brief.", 1, None, {})
    endpoint = Endpoint.objects.get()
    assert {each.slug for each in endpoint.contestants.all()} == {"good-1", "brief"}
    assert (endpoint.max_concurrency, endpoint.tokens_per_day, endpoint.first_token_timeout_s) == (2, 2_000_000, 60)
    assert load(file, GOOD, variant("endpoint.temperature = 1")) == {"unchanged": 2}
    assert load(file, variant("endpoint.temperature = 1", "endpoint.max_concurrency = 2")) == {"unchanged": 1}


def test_entry_shares_the_limits_that_only_the_other_names(file):
    named = "endpoint.max_concurrency = 7"
    load(file, variant(slug="one", of=None), variant(named, slug="other", of=None))
    assert Endpoint.objects.get().max_concurrency == 7
    load(file, variant(named, slug="one", of=None), variant(slug="other", of=None))
    assert Endpoint.objects.get().max_concurrency == 7
    load(file, variant(slug="one", of=None), variant(slug="other", of=None))
    assert Endpoint.objects.get().max_concurrency is None


def test_limits_must_agree_with_those_of_contestants_outside_the_file(file):
    load(file, GOOD)
    with pytest.raises(
        ValueError, match=r"models brief and good-1 share an endpoint, so endpoint\.max_concurrency cannot"
    ):
        load(file, variant("endpoint.max_concurrency = 3"))
    assert not Contestant.objects.filter(slug="brief").exists()
    load(file, variant())
    assert Endpoint.objects.get().max_concurrency == 2
    load(file, GOOD.replace("max_concurrency = 2", "max_concurrency = 3"), variant())
    assert Endpoint.objects.get().max_concurrency == 3


def test_endpoint_moves_with_all_that_use_it(file):
    """Local models have new ports at each start. Their statistics stay."""
    load(file, GOOD, variant())
    before = Endpoint.objects.get()
    moved = [entry.replace("api.good.example", "api.better.example") for entry in (GOOD, variant())]
    assert load(file, *moved) == {"updated": 2}
    after = Endpoint.objects.get()
    assert (after.pk, after.base_url) == (before.pk, "https://api.better.example/v1")


def test_endpoint_stays_for_those_who_stay(file):
    load(file, GOOD, variant())
    before = Endpoint.objects.get()
    load(file, GOOD, variant().replace("api.good.example", "api.better.example"))
    assert Contestant.objects.get(slug="good-1").endpoint == before
    assert Contestant.objects.get(slug="brief").endpoint.base_url == "https://api.better.example/v1"


@pytest.mark.parametrize("was_called", [False, True])
def test_endpoint_that_nobody_uses_any_more_goes_unless_it_has_statistics(file, was_called):
    load(file, GOOD, variant().replace("api.good.example", "api.better.example"))
    left = Contestant.objects.get(slug="brief").endpoint
    if was_called:
        EndpointCall.objects.create(endpoint=left)
    load(file, GOOD, variant())
    assert Endpoint.objects.filter(pk=left.pk).exists() is was_called
    assert Contestant.objects.get(slug="brief").endpoint == Contestant.objects.get(slug="good-1").endpoint


def test_entry_with_a_system_prompt_alone_has_no_catalog_model(file):
    assert load(file, variant(slug="support", of=None, system="")) == {"created": 1}
    support = Contestant.objects.get()
    assert (support.model, support.plain, support.system) == (None, False, "")
    assert not LanguageModel.objects.exists()


def test_entry_with_headers_is_still_a_catalog_model(file):
    load(file, GOOD + 'endpoint.headers = { X-Team = "a" }\nendpoint.conversation_field = "chat"\n')
    good = Contestant.objects.get()
    assert (good.plain, good.headers, good.conversation_field) == (True, {"X-Team": "a"}, "chat")


def test_variant_of_an_older_contestant_succeeds_it(file):
    load(file, GOOD, variant(slug="v1"), variant(slug="v2", of="v1"), variant(slug="own", of=None))
    load(file, variant(slug="own-2", of="own"))
    v1, v2, own = (Contestant.objects.get(slug=slug) for slug in ("v1", "v2", "own-2"))
    assert (v1.predecessor, v2.predecessor, v2.model) == (None, v1, v1.model)
    assert (own.predecessor.slug, own.model) == ("own", None)


@pytest.mark.parametrize("slug", ["good-1", "brief"])
def test_slug_is_that_of_a_model_or_of_a_variant_and_stays_it(file, slug):
    load(file, GOOD, variant())
    entry = variant(slug="good-1", of=None) if slug == "good-1" else GOOD.replace("good-1", "brief")
    with pytest.raises(ValueError, match=rf"model {slug}: "):
        load(file, entry)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        (variant(system="Be long."), "endpoint.system"),
        (variant("endpoint.temperature = 1"), "endpoint.temperature"),
        (variant("endpoint.max_tokens = 5"), "endpoint.max_tokens"),
        (variant("endpoint.thinking_tokens = 5"), "endpoint.thinking_tokens"),
        (variant("endpoint.parameters = { seed = 1 }"), "endpoint.parameters"),
        (variant().replace("good-one-2025", "good-two"), "endpoint.model"),
        (variant(of=None), "variant_of"),
        (variant("enabled = true").replace("api.good.example", "api.better.example"), None),
        (variant('endpoint.headers = { X-Team = "a" }', 'endpoint.conversation_field = "chat"'), None),
    ],
)
def test_variant_that_has_answered_goes_on_sending_the_same(file, changed, field):
    load(file, GOOD, variant())
    changed = changed.replace("enabled = true", "")
    assert load(file, changed) == {"updated": 1}
    load(file, variant())
    arena_factories.battle(contestant_a=Contestant.objects.get(slug="brief"))
    if field:
        with pytest.raises(
            ValueError, match=f"model brief: {field} cannot change after the first answer; give it a new"
        ):
            load(file, changed)
    else:
        assert load(file, changed) == {"updated": 1}


def test_plain_contestant_that_has_answered_is_free(file):
    load(file, GOOD)
    arena_factories.battle(contestant_a=Contestant.objects.get())
    assert load(file, GOOD.replace("temperature = 0", "temperature = 1").replace("good-one-2025", "new")) == {
        "updated": 1
    }
    assert Endpoint.objects.filter(upstream_id="new").count() == 1
