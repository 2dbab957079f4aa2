"""The settings from environment variables, read once and validated strictly."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import TypeVar

from config.setting_parsers import (
    make_choice_parser,
    make_url_parser,
    parse_anchor,
    parse_contact,
    parse_count,
    parse_database_url,
    parse_days,
    parse_key_names,
    parse_networks,
    parse_positive,
    parse_public_url,
    parse_seconds,
    parse_switch,
    parse_token,
    parse_words,
)

DEFAULT_DATABASE_URL = "postgresql:///arena"
DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
MIN_SECRET_LENGTH = 50
# Further variables of the service and its databases, also in compose.yaml and for libpq.
SERVICE_VARIABLE = re.compile(r"ARENA_.*|SECRET_KEY.*|DJANGO_.*|POSTGRES_.*|VALKEY_.*|REDIS_.*|DATABASE_.*|PG[A-Z]+")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Setting:
    """One declaration.

    section: the heading of its table in docs/reference/settings.md
    parse: text of the variable → value; raises ValueError with the rest of a sentence that begins with the name
    meaning: one or more sentences in Markdown, for the table
    """

    section: str
    parse: Callable[[str], object]
    meaning: str


def declare(section: str, parse: Callable[[str], Value], *, default: Value, meaning: str) -> Value:
    """A field of `Environment` for the variable of the same name; see `Setting` for the arguments."""
    declared: Value = field(default=default, metadata={"setting": Setting(section, parse, meaning)})
    return declared


@dataclass(frozen=True)
class Environment:
    """All settings of the service, one declaration each. The names give the units.

    A new setting also needs a line in .env.example; then `python -m tests.settings_reference` writes its row into
    docs/reference/settings.md.
    """

    database_url: str = declare(
        "Services",
        parse_database_url,
        default=DEFAULT_DATABASE_URL,
        meaning="The address of PostgreSQL (`postgresql://…`). If it is empty, `./scripts/up` runs its own.",
    )
    redis_url: str = declare(
        "Services",
        make_url_parser("redis", "rediss", "unix"),
        default=DEFAULT_REDIS_URL,
        meaning=(
            "The address of Valkey or Redis (`redis://`, `rediss://`, `unix://`). If it is empty, `./scripts/up`"
            " runs its own."
        ),
    )
    secret_key: str = declare(
        "Services",
        str,
        default="",
        meaning=(
            "Signs cookies. If it is empty, Arena creates a key once in `var/`. In production, it needs at least"
            " 50 characters."
        ),
    )
    secret_key_fallbacks: tuple[str, ...] = declare(
        "Services",
        parse_words,
        default=(),
        meaning="Earlier keys, separated by commas. They no longer sign, but what they signed is still valid.",
    )
    allowed_hosts: tuple[str, ...] = declare(
        "Services",
        parse_words,
        default=(),
        meaning="Additional host names of the service, separated by commas.",
    )
    arena_env: str = declare(
        "Services", make_choice_parser("local", "production"), default="local", meaning="`local` or `production`."
    )
    arena_public_url: str = declare(
        "Services",
        parse_public_url,
        default="",
        meaning=(
            "The address that people use, for example `https://arena.example.org`. It sets the allowed hosts, the"
            " trusted origins, and secure cookies behind a proxy. Required in production. With `http://`, for example"
            " inside your own network, cookies are not secure."
        ),
    )
    arena_proxy_hops: int = declare(
        "Services", parse_count, default=0, meaning="The number of proxies in front. `0` ignores `X-Forwarded-*`."
    )
    arena_metrics_token: str = declare(
        "Services",
        parse_token,
        default="",
        meaning=(
            "A token of at least 20 characters that Prometheus sends to `/metrics` as `Authorization: Bearer …`."
            " Without it, `/metrics` answers only loopback and private addresses, and no request that a proxy has"
            " forwarded."
        ),
    )
    arena_security_contact: str = declare(
        "Services",
        parse_contact,
        default="",
        meaning="Where to report a vulnerability: `mailto:…` or `https://…`. Served as `/.well-known/security.txt`.",
    )
    arena_answer_concurrency: int = declare(
        "Answers", parse_positive, default=600, meaning="Concurrent answers in one worker process."
    )
    arena_connect_timeout_s: float = declare(
        "Answers", parse_seconds, default=10.0, meaning="Seconds to connect to a model."
    )
    arena_first_token_timeout_s: float = declare(
        "Answers", parse_seconds, default=30.0, meaning="Seconds until the first token of an answer."
    )
    arena_between_tokens_timeout_s: float = declare(
        "Answers", parse_seconds, default=20.0, meaning="Seconds between two tokens."
    )
    arena_answer_timeout_s: float = declare(
        "Answers", parse_seconds, default=180.0, meaning="Seconds for the whole answer."
    )
    arena_allow_private_endpoints: tuple[str, ...] = declare(
        "Answers",
        parse_networks,
        default=(),
        meaning=(
            "Hosts or networks inside your own network that endpoints may use, such as `10.0.0.0/8` or"
            " `ollama.internal`."
        ),
    )
    arena_key_names: tuple[str, ...] = declare(
        "Answers",
        parse_key_names,
        default=("*_API_KEY",),
        meaning=(
            "Patterns, separated by commas, for the names of variables that endpoints may use for their keys. They"
            " never match a setting of Arena."
        ),
    )
    arena_pace_anonymous: bool = declare(
        "Answers",
        parse_switch,
        default=True,
        meaning="Releases both sides of an anonymous battle in step, so that their speed does not identify them.",
    )
    arena_conversation_characters: int = declare(
        "Answers",
        parse_positive,
        default=24_000,
        meaning=(
            "The longest conversation of a battle, including the question. The length is the number of"
            " characters, or half the number of UTF-8 bytes if that is more. `./scripts/up` with its local models"
            " sets 8000, and `./scripts/manage` uses the limit of the last `./scripts/up` on the same data folder."
        ),
    )
    arena_battles_per_hour: int = declare(
        "Limits", parse_count, default=60, meaning="Battles that one voter or API key may start in an hour."
    )
    arena_battles_per_hour_address: int = declare(
        "Limits", parse_count, default=300, meaning="Battles that one address (for IPv6, a /64) may start in an hour."
    )
    arena_streams_per_voter: int = declare(
        "Limits",
        parse_count,
        default=6,
        meaning=(
            "Battles that one voter may watch at once. One address may watch ten times as many battles, and the"
            " same number of boards."
        ),
    )
    arena_tokens_per_day: int = declare(
        "Limits",
        parse_count,
        default=0,
        meaning="Tokens that all models together may use per day (UTC), estimated before each question.",
    )
    arena_login: str = declare(
        "People",
        make_choice_parser("optional", "required"),
        default="optional",
        meaning="`optional` or `required`. With `required`, everything except the account pages needs a login.",
    )
    arena_signup: str = declare(
        "People",
        make_choice_parser("open", "invite", "closed"),
        default="",
        meaning=(
            "`open`, `invite`, or `closed`: who can create an account. If it is empty, it is `invite` with"
            " `ARENA_LOGIN=required`, else `open`."
        ),
    )
    arena_operator_totp: str = declare(
        "People",
        make_choice_parser("optional", "required"),
        default="optional",
        meaning=(
            "`optional` or `required`: whether operators need a code from an authenticator app (TOTP) to use `/admin/`."
        ),
    )
    arena_api_anonymous: bool = declare(
        "People",
        parse_switch,
        default=True,
        meaning=(
            "Whether the API answers programs without a key. If it is off, the API answers only requests with a key"
            " and browsers that have opened a page."
        ),
    )
    arena_sharing: str = declare(
        "People",
        make_choice_parser("off", "moderated", "open"),
        default="moderated",
        meaning=(
            "`off`, `moderated`, or `open`: which published battles are listed on the pages of their models. With"
            " `off`, nobody can publish."
        ),
    )
    arena_retention_days: int = declare(
        "People",
        parse_days,
        default=0,
        meaning=(
            "Deletes questions, answers, and comments of battles older than this many days (at most 36,500). Votes"
            " and published battles stay. `0` keeps everything."
        ),
    )
    arena_anchor: tuple[str, float] | None = declare(
        "Boards",
        parse_anchor,
        default=None,
        meaning=(
            "`slug:rating` shifts all displayed ratings so that this model has this rating. Intervals keep their width."
        ),
    )

    @property
    def production(self) -> bool:
        return self.arena_env == "production"

    @property
    def is_login_required(self) -> bool:
        return self.arena_login == "required"

    def allows_key_name(self, name: str) -> bool:
        """Whether an endpoint may read its API key from this variable. Settings of the service are never allowed."""
        is_setting = name in SETTINGS or SERVICE_VARIABLE.fullmatch(name.upper())
        return not is_setting and any(fnmatchcase(name, pattern) for pattern in self.arena_key_names)


# Name of the variable → its declaration.
SETTINGS: dict[str, Setting] = {each.name.upper(): each.metadata["setting"] for each in fields(Environment)}


def load_environment(variables: Mapping[str, str]) -> Environment:
    """The settings from these environment variables. An empty value means the default.

    Raises ValueError with one sentence that names the variable: for unknown ARENA_* names, for invalid values, and in
    production for a missing or short secret key or a missing public URL.
    """
    for name in variables:
        if name.startswith("ARENA_") and name not in SETTINGS:
            raise ValueError(f"{name} is not a setting; .env.example lists them all")
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
    if not environment.production:
        return
    if len(environment.secret_key) < MIN_SECRET_LENGTH:
        raise ValueError(f"SECRET_KEY must have at least {MIN_SECRET_LENGTH} characters in production")
    if any(len(key) < MIN_SECRET_LENGTH for key in environment.secret_key_fallbacks):
        raise ValueError(
            f"SECRET_KEY_FALLBACKS must contain keys of at least {MIN_SECRET_LENGTH} characters in production"
        )
    if not environment.arena_public_url:  # its scheme decides whether cookies are secure
        raise ValueError("ARENA_PUBLIC_URL must be set in production")
