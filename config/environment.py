"""Settings from environment variables, parsed and validated once at startup."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import TypeVar

from config.setting_parsers import (
    make_choice_parser,
    parse_anchor,
    parse_contact,
    parse_count,
    parse_database_url,
    parse_days,
    parse_key_names,
    parse_name,
    parse_networks,
    parse_operator,
    parse_positive,
    parse_public_url,
    parse_redis_url,
    parse_seconds,
    parse_switch,
    parse_token,
    parse_words,
)

DEFAULT_DATABASE_URL = "postgresql:///arena"
DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
MIN_SECRET_LENGTH = 50
# Matches the names of all variables of the service, including those that only compose.yaml or libpq reads.
SERVICE_VARIABLE = re.compile(r"ARENA_.*|SECRET_KEY.*|DJANGO_.*|POSTGRES_.*|VALKEY_.*|REDIS_.*|DATABASE_.*|PG[A-Z]+")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Setting:
    """The declaration of one setting.

    `section` is the heading of its table in docs/reference/settings.md, and `meaning` is its Markdown description
    there. `parse` converts the variable's text to a value, or raises ValueError. The error message completes a sentence
    that begins with the variable's name.
    """

    section: str
    parse: Callable[[str], object]
    meaning: str


def declare(section: str, parse: Callable[[str], Value], *, default: Value, meaning: str) -> Value:
    """Declare a field of `Environment` for the variable of the same name. See `Setting` for the arguments."""
    declared: Value = field(default=default, metadata={"setting": Setting(section, parse, meaning)})
    return declared


@dataclass(frozen=True)
class Environment:
    """All settings of the service. The names contain the units, such as `_s` for seconds.

    After adding a setting, add a line to .env.example and run `python -m tests.settings_reference` to update
    docs/reference/settings.md.
    """

    database_url: str = declare(
        "Services",
        parse_database_url,
        default=DEFAULT_DATABASE_URL,
        meaning="PostgreSQL URL (`postgresql://…`). If it is empty, `./scripts/up` runs its own server.",
    )
    redis_url: str = declare(
        "Services",
        parse_redis_url,
        default=DEFAULT_REDIS_URL,
        meaning=(
            "URL of Valkey or Redis (`redis://`, `rediss://`, or `unix://`). A `rediss://` URL must have"
            " `?ssl_cert_reqs=required`, or `?ssl_ca_certs=FILE` for your own certificate authority. If it is empty,"
            " `./scripts/up` runs its own server."
        ),
    )
    secret_key: str = declare(
        "Services",
        str,
        default="",
        meaning=(
            "The key that signs cookies. If it is empty, Arena creates a key and stores it in `var/`. Required in"
            " production, with at least 50 characters."
        ),
    )
    secret_key_fallbacks: tuple[str, ...] = declare(
        "Services",
        parse_words,
        default=(),
        meaning="Earlier keys, separated by commas. Cookies that were signed with them are still accepted.",
    )
    allowed_hosts: tuple[str, ...] = declare(
        "Services",
        parse_words,
        default=(),
        meaning="Additional hostnames for the service, separated by commas.",
    )
    arena_env: str = declare(
        "Services", make_choice_parser("local", "production"), default="local", meaning="`local` or `production`."
    )
    arena_public_url: str = declare(
        "Services",
        parse_public_url,
        default="",
        meaning=(
            "The URL that people use, for example `https://arena.example.org`. It determines the allowed hosts, the"
            " trusted origins, and whether cookies are secure. Required in production. With an `http://` URL, cookies"
            " are sent unencrypted."
        ),
    )
    arena_proxy_hops: int = declare(
        "Services",
        parse_count,
        default=0,
        meaning="The number of proxies in front of Arena. `0` ignores `X-Forwarded-*`.",
    )
    arena_metrics_token: str = declare(
        "Services",
        parse_token,
        default="",
        meaning=(
            "A token of at least 20 characters that Prometheus sends to `/metrics` as `Authorization: Bearer …`."
            " Without a token, `/metrics` answers only direct requests from loopback and private addresses."
        ),
    )
    arena_security_contact: str = declare(
        "Services",
        parse_contact,
        default="",
        meaning="Contact for vulnerability reports (`mailto:…` or `https://…`), served as `/.well-known/security.txt`.",
    )
    arena_answer_concurrency: int = declare(
        "Answers", parse_positive, default=600, meaning="Maximum number of concurrent answers per worker process."
    )
    arena_connect_timeout_s: float = declare(
        "Answers", parse_seconds, default=10.0, meaning="Timeout for connecting to a model, in seconds."
    )
    arena_first_token_timeout_s: float = declare(
        "Answers", parse_seconds, default=30.0, meaning="Timeout for the first token of an answer, in seconds."
    )
    arena_between_tokens_timeout_s: float = declare(
        "Answers", parse_seconds, default=20.0, meaning="Timeout between two tokens, in seconds."
    )
    arena_answer_timeout_s: float = declare(
        "Answers", parse_seconds, default=180.0, meaning="Timeout for the whole answer, in seconds."
    )
    arena_drain_s: float = declare(
        "Answers",
        parse_seconds,
        default=90.0,
        meaning=(
            "How long a worker that is stopped waits for its running answers, in seconds. Then other workers start the"
            " rest again from the beginning. In `compose.yaml`, `stop_grace_period` must be 10 s longer."
        ),
    )
    arena_allow_private_endpoints: tuple[str, ...] = declare(
        "Answers",
        parse_networks,
        default=(),
        meaning=(
            "Private hosts or networks that endpoints can use, such as `10.0.0.0/8` or `ollama.internal`, separated by"
            " commas."
        ),
    )
    arena_key_names: tuple[str, ...] = declare(
        "Answers",
        parse_key_names,
        default=("*_API_KEY",),
        meaning=(
            "Patterns for the names of variables from which endpoints can read their API keys, separated by commas."
            " Arena's own settings never match."
        ),
    )
    arena_pace_anonymous: bool = declare(
        "Answers",
        parse_switch,
        default=True,
        meaning=(
            "Show both answers in an anonymous battle at the same pace, because a model's speed can identify it. An"
            " operator can also turn this off for one pool in the admin."
        ),
    )
    arena_conversation_characters: int = declare(
        "Answers",
        parse_positive,
        default=24_000,
        meaning=(
            "Maximum length of a battle's conversation, including the new question. The length is the number of"
            " characters or half the number of UTF-8 bytes, whichever is greater. With the local models, `./scripts/up`"
            " sets this to 8000. `./scripts/manage` uses the value of the last `./scripts/up` in the same data folder."
        ),
    )
    arena_battles_per_hour: int = declare(
        "Limits", parse_count, default=60, meaning="Battles that one voter or API key can start per hour."
    )
    arena_battles_per_hour_address: int = declare(
        "Limits", parse_count, default=300, meaning="Battles that one address (for IPv6, a /64) can start per hour."
    )
    arena_streams_per_voter: int = declare(
        "Limits",
        parse_count,
        default=6,
        meaning=(
            "Battles that one voter can watch at a time. One address can watch ten times this number of battles, and"
            " also ten times this number of boards."
        ),
    )
    arena_tokens_per_day: int = declare(
        "Limits",
        parse_count,
        default=0,
        meaning=(
            "Daily token budget (UTC) for all models together. Arena estimates the tokens of each question in advance."
        ),
    )
    arena_name: str = declare(
        "People",
        parse_name,
        default="Arena",
        meaning="The name of this arena, displayed on all pages (at most 40 characters).",
    )
    arena_operator: tuple[str, str] = declare(
        "People",
        parse_operator,
        default=("", ""),
        meaning=(
            "The operator's name, displayed on all pages (at most 60 characters). A contact can follow the name, as in"
            " `Example University <mailto:arena@example.edu>` or `Example University <https://example.edu/arena>`."
        ),
    )
    arena_login: str = declare(
        "People",
        make_choice_parser("optional", "required"),
        default="optional",
        meaning="`optional` or `required`. With `required`, all pages except the account pages require a login.",
    )
    arena_signup: str = declare(
        "People",
        make_choice_parser("open", "invite", "closed"),
        default="",
        meaning=(
            "Who can create an account: `open`, `invite`, or `closed`. The default is `invite` with"
            " `ARENA_LOGIN=required`, and `open` otherwise."
        ),
    )
    arena_operator_totp: str = declare(
        "People",
        make_choice_parser("optional", "required"),
        default="optional",
        meaning=(
            "`optional` or `required`. With `required`, operators need an authenticator app (TOTP) to use `/admin/`."
        ),
    )
    arena_api_anonymous: bool = declare(
        "People",
        parse_switch,
        default=True,
        meaning=(
            "Allow API requests without a key. If this is off, the API accepts only requests with a key and requests"
            " from browsers that have opened a page."
        ),
    )
    arena_sharing: str = declare(
        "People",
        make_choice_parser("off", "moderated", "open"),
        default="moderated",
        meaning=(
            "Which published battles are listed on the pages of their models: those that an operator has chosen"
            " (`moderated`) or all unreported ones (`open`). With `off`, nobody can publish a battle."
        ),
    )
    arena_evaluations: str = declare(
        "People",
        make_choice_parser("operators", "members", "everyone"),
        default="",
        meaning=(
            "Who can create evaluations: `operators`, `members` (people with an account), or `everyone`. The default is"
            " `everyone` with `ARENA_ENV=local`, and `members` otherwise."
        ),
    )
    arena_retention_days: int = declare(
        "People",
        parse_days,
        default=0,
        meaning=(
            "Delete questions, answers, and comments after this many days (at most 36,500). Votes and published battles"
            " are not deleted. `0` deletes nothing."
        ),
    )
    arena_anchor: tuple[str, float] | None = declare(
        "Boards",
        parse_anchor,
        default=None,
        meaning=(
            "A model and its rating, as `slug:rating`. All displayed ratings are shifted by the same amount to give the"
            " model this rating."
        ),
    )
    arena_vote_filter: bool = declare(
        "Boards",
        parse_switch,
        default=True,
        meaning="Give rigged votes less weight. With `off`, only votes that an operator excludes lose weight.",
    )

    @property
    def is_production(self) -> bool:
        return self.arena_env == "production"

    @property
    def is_login_required(self) -> bool:
        return self.arena_login == "required"

    def allows_key_name(self, name: str) -> bool:
        """Return True if endpoints can read an API key from this variable. Arena's own settings are never allowed."""
        is_setting = name in SETTINGS or SERVICE_VARIABLE.fullmatch(name.upper())
        return not is_setting and any(fnmatchcase(name, pattern) for pattern in self.arena_key_names)


# The declarations of all settings, keyed by the names of the variables.
SETTINGS: dict[str, Setting] = {entry.name.upper(): entry.metadata["setting"] for entry in fields(Environment)}


def load_environment(variables: Mapping[str, str]) -> Environment:
    """Parse the settings from environment variables. A missing or empty variable means the default.

    Raises ValueError with the variable's name if an ARENA_* variable is unknown or a value is invalid. In production,
    SECRET_KEY and ARENA_PUBLIC_URL are required.
    """
    for name in variables:
        if name.startswith("ARENA_") and name not in SETTINGS:
            raise ValueError(f"{name} is not a setting; see .env.example for a list")
    values: dict[str, object] = {}
    for name, setting in SETTINGS.items():
        if text := variables.get(name, "").strip():
            try:
                values[name.lower()] = setting.parse(text)
            except ValueError as error:
                raise ValueError(f"{name} {error}") from None
    environment = Environment(**values)  # type: ignore[arg-type]  # the parsers return the types of the fields
    _check_production(environment)
    return environment


def _check_production(environment: Environment) -> None:
    if not environment.is_production:
        return
    if len(environment.secret_key) < MIN_SECRET_LENGTH:
        raise ValueError(f"SECRET_KEY must have at least {MIN_SECRET_LENGTH} characters in production")
    if any(len(key) < MIN_SECRET_LENGTH for key in environment.secret_key_fallbacks):
        raise ValueError(
            f"SECRET_KEY_FALLBACKS must contain keys of at least {MIN_SECRET_LENGTH} characters in production"
        )
    if not environment.arena_public_url:  # its scheme determines whether cookies are secure
        raise ValueError("ARENA_PUBLIC_URL must be set in production")
