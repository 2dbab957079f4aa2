"""Settings from environment variables."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import SETTINGS, Environment, load_environment

ROOT = Path(__file__).parents[2]
SECRET = "s" * 50

GOOD = [
    ("DATABASE_URL", "postgresql://u:p@db.example:5433/arena", "postgresql://u:p@db.example:5433/arena"),
    ("DATABASE_URL", "postgres:///arena", "postgres:///arena"),
    ("DATABASE_URL", "postgresql://arena@/arena?host=/run/pg", "postgresql://arena@/arena?host=/run/pg"),
    ("REDIS_URL", "redis://cache:6379/1", "redis://cache:6379/1"),
    ("REDIS_URL", "rediss://cache?ssl_cert_reqs=required", "rediss://cache?ssl_cert_reqs=required"),
    ("REDIS_URL", "rediss://cache?ssl_ca_certs=/ca.pem", "rediss://cache?ssl_ca_certs=/ca.pem"),
    ("REDIS_URL", "unix:///run/valkey.sock", "unix:///run/valkey.sock"),
    ("SECRET_KEY", " abc ", "abc"),
    ("SECRET_KEY_FALLBACKS", "abc, def,", ("abc", "def")),
    ("ALLOWED_HOSTS", "a.example, b.example  c.example,", ("a.example", "b.example", "c.example")),
    ("ARENA_ENV", "local", "local"),
    ("ARENA_ANSWER_CONCURRENCY", "1", 1),
    ("ARENA_CONNECT_TIMEOUT_S", "0.5", 0.5),
    ("ARENA_FIRST_TOKEN_TIMEOUT_S", "45", 45.0),
    ("ARENA_BETWEEN_TOKENS_TIMEOUT_S", "1e1", 10.0),
    ("ARENA_ANSWER_TIMEOUT_S", "600", 600.0),
    ("ARENA_DRAIN_S", "120", 120.0),
    ("ARENA_PUBLIC_URL", "https://arena.example", "https://arena.example"),
    ("ARENA_PUBLIC_URL", "http://arena.example:8080/", "http://arena.example:8080"),
    ("ARENA_PUBLIC_URL", "https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ("ARENA_PROXY_HOPS", "2", 2),
    ("ARENA_ANCHOR", "gpt-4o:1100", ("gpt-4o", 1100.0)),
    ("ARENA_ANCHOR", "llama-3.1:-20.5", ("llama-3.1", -20.5)),
    ("ARENA_ALLOW_PRIVATE_ENDPOINTS", "10.0.0.0/8 ollama,::1", ("10.0.0.0/8", "ollama", "::1")),
    ("ARENA_KEY_NAMES", "*_API_KEY, OPENAI_TOKEN", ("*_API_KEY", "OPENAI_TOKEN")),
    ("ARENA_PACE_ANONYMOUS", "off", False),
    ("ARENA_PACE_ANONYMOUS", "YES", True),
    ("ARENA_VOTE_FILTER", "off", False),
    ("ARENA_METRICS_TOKEN", "0123456789abcdef-~!#", "0123456789abcdef-~!#"),
    ("ARENA_API_ANONYMOUS", "0", False),
    ("ARENA_API_ANONYMOUS", "True", True),
    ("ARENA_BATTLES_PER_HOUR", "0", 0),
    ("ARENA_BATTLES_PER_HOUR_ADDRESS", "12", 12),
    ("ARENA_STREAMS_PER_VOTER", "0", 0),
    ("ARENA_TOKENS_PER_DAY", "20000000", 20_000_000),
    ("ARENA_SECURITY_CONTACT", "mailto:me@arena.example", "mailto:me@arena.example"),
    ("ARENA_CONVERSATION_CHARACTERS", "8000", 8000),
    ("ARENA_NAME", "Arena Bonn", "Arena Bonn"),
    ("ARENA_OPERATOR", "Uni Bonn", ("Uni Bonn", "")),
    ("ARENA_OPERATOR", "Uni Bonn <mailto:arena@uni.example>", ("Uni Bonn", "mailto:arena@uni.example")),
    ("ARENA_OPERATOR", "Uni Bonn<https://uni.example/arena>", ("Uni Bonn", "https://uni.example/arena")),
    ("ARENA_EVALUATIONS", "operators", "operators"),
    ("ARENA_LOGIN", "required", "required"),
    ("ARENA_LOGIN", "optional", "optional"),
    ("ARENA_SIGNUP", "invite", "invite"),
    ("ARENA_OPERATOR_TOTP", "required", "required"),
    ("ARENA_SHARING", "off", "off"),
    ("ARENA_SHARING", "open", "open"),
    ("ARENA_RETENTION_DAYS", "90", 90),
]

BAD = [
    ("ARENA_NAME", "n" * 41, "is not one line of at most 40 characters"),
    ("ARENA_NAME", "two\nlines", "is not one line of at most 40 characters"),
    ("ARENA_OPERATOR", "n" * 61, "is not one line of at most 60 characters"),
    ("ARENA_OPERATOR", "<mailto:arena@uni.example>", "is not of the form Name or Name <contact>"),
    ("ARENA_OPERATOR", "Uni <mailto:a@uni.example> Bonn", "is not of the form Name or Name <contact>"),
    ("ARENA_OPERATOR", "Uni <javascript:alert(1)>", "has a contact that is not of the form"),
    ("DATABASE_URL", "sqlite:///arena.db", "does not start with postgresql:// or postgres://"),
    ("DATABASE_URL", "localhost/arena", "does not start with postgresql://"),
    ("DATABASE_URL", "postgresql://db/arena?color=red", "is not a PostgreSQL URL"),
    ("DATABASE_URL", "postgresql://db:port/arena", "has a port that is not a number from 0 to 65535"),
    ("REDIS_URL", "http://cache:6379", "does not start with redis:// or rediss:// or unix://"),
    ("REDIS_URL", "rediss://cache", "must check the server's certificate: add ?ssl_cert_reqs=required or"),
    ("REDIS_URL", "rediss://cache?ssl_ca_certs=/ca.pem&ssl_cert_reqs=CERT_NONE", "must check the server's certificate"),
    ("REDIS_URL", "rediss://cache?ssl_cert_reqs=optional", "must check the server's certificate"),
    ("REDIS_URL", "cache:6379", "does not start with redis://"),
    ("REDIS_URL", "redis://cache:port/0", "has a port that is not a number from 0 to 65535"),
    ("ARENA_METRICS_TOKEN", "0123456789abcdef-~!", "is not a token of at least 20 ASCII characters"),
    ("ARENA_METRICS_TOKEN", "0123456789 0123456789", "is not a token of at least 20 ASCII characters"),
    ("ARENA_METRICS_TOKEN", "\u00e9" * 20, "is not a token of at least 20 ASCII characters"),
    ("ARENA_ENV", "staging", "is not one of local, production"),
    ("ARENA_ENV", "Production", "is not one of local, production"),
    ("ARENA_ANSWER_CONCURRENCY", "0", "is not a whole number ≥ 1"),
    ("ARENA_ANSWER_CONCURRENCY", "many", "is not a whole number ≥ 0"),
    ("ARENA_CONNECT_TIMEOUT_S", "0", "is not a number of seconds greater than 0"),
    ("ARENA_CONNECT_TIMEOUT_S", "10s", "is not a number of seconds greater than 0"),
    ("ARENA_FIRST_TOKEN_TIMEOUT_S", "-1", "is not a number of seconds greater than 0"),
    ("ARENA_BETWEEN_TOKENS_TIMEOUT_S", "nan", "is not a number of seconds greater than 0"),
    ("ARENA_ANSWER_TIMEOUT_S", "inf", "is not a number of seconds greater than 0"),
    ("ARENA_PUBLIC_URL", "arena.example", "does not start with http:// or https://"),
    ("ARENA_PUBLIC_URL", "https://", "is not of the form https://host or https://host:port"),
    ("ARENA_PUBLIC_URL", "https://arena.example/arena", "is not of the form https://host"),
    ("ARENA_PUBLIC_URL", "https://arena.example?x=1", "is not of the form https://host"),
    ("ARENA_PUBLIC_URL", "https://arena.example/?", "is not of the form https://host"),
    ("ARENA_PUBLIC_URL", "https://arena.example#top", "is not of the form https://host"),
    ("ARENA_PUBLIC_URL", "https://me:secret@arena.example", "is not of the form https://host"),
    ("ARENA_PUBLIC_URL", "https://arena.example:99999", "has a port that is not a number from 0 to 65535"),
    ("ARENA_PUBLIC_URL", "https://arena.example:https", "has a port that is not a number from 0 to 65535"),
    ("ARENA_PUBLIC_URL", "https://[::1", "is not a valid URL"),
    ("ARENA_PROXY_HOPS", "-1", "is not a whole number ≥ 0"),
    ("ARENA_PROXY_HOPS", "1.0", "is not a whole number ≥ 0"),
    ("ARENA_PROXY_HOPS", "²", "is not a whole number ≥ 0"),
    ("ARENA_ANCHOR", "gpt-4o", "is not of the form slug:rating"),
    ("ARENA_ANCHOR", ":1000", "is not of the form slug:rating"),
    ("ARENA_ANCHOR", "gpt-4o:", "is not of the form slug:rating"),
    ("ARENA_ANCHOR", "gpt-4o:nan", "is not of the form slug:rating"),
    (
        "ARENA_ALLOW_PRIVATE_ENDPOINTS",
        "10.0.0.0/33",
        "contains '10.0.0.0/33', which is not a network such as 10.0.0.0/8",
    ),
    ("ARENA_ALLOW_PRIVATE_ENDPOINTS", "ollama, http://ollama", "contains 'http://ollama', which is not a network"),
    ("ARENA_KEY_NAMES", "*_API_KEY sk-abc", "contains 'sk-abc', which is not a pattern such as *_API_KEY"),
    ("ARENA_PACE_ANONYMOUS", "maybe", "is neither on nor off"),
    ("ARENA_VOTE_FILTER", "perhaps", "is neither on nor off"),
    ("ARENA_API_ANONYMOUS", "2", "is neither on nor off"),
    ("ARENA_BATTLES_PER_HOUR", "sixty", "is not a whole number ≥ 0"),
    ("ARENA_BATTLES_PER_HOUR_ADDRESS", "1e3", "is not a whole number ≥ 0"),
    ("ARENA_STREAMS_PER_VOTER", "+6", "is not a whole number ≥ 0"),
    ("ARENA_CONVERSATION_CHARACTERS", "0", "is not a whole number ≥ 1"),
    ("ARENA_TOKENS_PER_DAY", "2e6", "is not a whole number ≥ 0"),
    ("ARENA_LOGIN", "never", "is not one of optional, required"),
    ("ARENA_SIGNUP", "off", "is not one of open, invite, closed"),
    ("ARENA_OPERATOR_TOTP", "on", "is not one of optional, required"),
    ("ARENA_SHARING", "on", "is not one of off, moderated, open"),
    ("ARENA_RETENTION_DAYS", "-1", "is not a whole number ≥ 0"),
    ("ARENA_RETENTION_DAYS", "1000000000", "is not a number of days ≤ 36,500"),
    ("ARENA_SECURITY_CONTACT", "me@arena.example", "is not of the form mailto:"),
    ("ARENA_SECURITY_CONTACT", "mailto:me@arena.example\nContact: x", "is not of the form mailto:"),
]


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_load_reads_a_good_value(name, text, value):
    assert getattr(load_environment({name: text}), name.lower()) == value


@pytest.mark.parametrize(("name", "text", "sentence"), BAD)
def test_load_refuses_a_malformed_value_with_one_line_that_names_it(name, text, sentence):
    with pytest.raises(ValueError) as refusal:  # the sentence is looked at below
        load_environment({name: text})

    assert str(refusal.value).startswith(f"{name} ")
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_every_setting_has_a_default_and_a_good_value_here():
    assert {name.lower() for name in SETTINGS} == set(Environment.__dataclass_fields__)
    assert {name for name, *_ in GOOD} == set(SETTINGS)


@pytest.mark.parametrize("text", ["", "  "])
def test_load_takes_an_empty_value_for_the_default(text):
    assert load_environment(dict.fromkeys(SETTINGS, text)) == Environment()


@pytest.mark.parametrize("name", ["ARENA_TYPO", "ARENA_", "ARENA_BATTLES_PER_HOURS", "ARENA_SECRET_KEY"])
def test_load_refuses_a_setting_that_does_not_exist(name):
    with pytest.raises(ValueError, match=rf"{name} is not a setting; see \.env\.example for a list"):
        load_environment({name: "1"})


PRODUCTION = {"ARENA_ENV": "production", "SECRET_KEY": SECRET, "ARENA_PUBLIC_URL": "https://arena.example"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY must have at least 50 characters in production"),
        ({"SECRET_KEY": SECRET[1:]}, "SECRET_KEY must have at least 50 characters in production"),
        (
            {"SECRET_KEY_FALLBACKS": f"{SECRET},short"},
            "SECRET_KEY_FALLBACKS must contain keys of at least 50 characters",
        ),
        ({"ARENA_PUBLIC_URL": ""}, "ARENA_PUBLIC_URL must be set in production"),
        ({"ARENA_PUBLIC_URL": "", "ALLOWED_HOSTS": "arena.example"}, "ARENA_PUBLIC_URL must be set in production"),
    ],
)
def test_load_refuses_production_without_what_it_needs(changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_environment(PRODUCTION | changed)


@pytest.mark.parametrize("changed", [{}, {"ARENA_PUBLIC_URL": "http://10.0.0.7:8000", "ALLOWED_HOSTS": "arena.lan"}])
def test_load_accepts_production_with_what_it_needs(changed):
    assert load_environment(PRODUCTION | changed).is_production


def test_load_asks_for_no_secret_key_at_home():
    assert not load_environment({"SECRET_KEY": "short"}).is_production


def settings_with(names="", **variables):
    """Load Django's settings in a new process, and return its exit code and output, which has the settings `names`."""
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "not from the data folder", **variables}
    code = f"from config import settings as s; print({names})"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_settings_stop_the_start_with_one_line():
    run = settings_with(ARENA_LOGIN="never")

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "arena: ARENA_LOGIN is not one of optional, required\n"


@pytest.mark.slow
def test_settings_take_hosts_origins_and_secure_cookies_from_the_public_url():
    run = settings_with("s.ALLOWED_HOSTS, s.SECURE, s.CSRF_TRUSTED_ORIGINS", **PRODUCTION)

    assert run.stdout == "['arena.example'] True ['https://arena.example']\n"


@pytest.mark.slow
@pytest.mark.parametrize(("query", "shown"), [("sslmode=require", "require 30"), ("keepalives_idle=99", "None 99")])
def test_settings_keep_every_parameter_of_the_database_url(query, shown):
    options = "s.DATABASES['default']['OPTIONS']"
    names = f"{options}.get('sslmode'), {options}['keepalives_idle']"
    run = settings_with(names, DATABASE_URL=f"postgresql://u:p@db.example/arena?{query}")

    assert run.stdout == f"{shown}\n"


@pytest.mark.parametrize(
    ("patterns", "name", "allowed"),
    [
        ("", "OPENAI_API_KEY", True),
        ("", "OPENAI_TOKEN", False),
        ("", "openai_api_key", False),
        ("", "HOME", False),
        ("", "SECRET_KEY", False),
        ("", "DATABASE_URL", False),
        ("OPENAI_TOKEN, MY_*", "OPENAI_TOKEN", True),
        ("OPENAI_TOKEN, MY_*", "MY_KEY", True),
        ("OPENAI_TOKEN, MY_*", "OPENAI_API_KEY", False),
        *[("*", name, False) for name in sorted(SETTINGS)],
        *[("*", name, False) for name in ("POSTGRES_PASSWORD", "VALKEY_PASSWORD", "PGPASSWORD", "ARENA_NEW_API_KEY")],
        ("*", "secret_key", False),
        ("*", "PGVECTOR_API_KEY", True),
    ],
)
def test_endpoint_may_name_what_matches_and_never_a_setting_of_the_service(patterns, name, allowed):
    assert load_environment({"ARENA_KEY_NAMES": patterns}).allows_key_name(name) is allowed
