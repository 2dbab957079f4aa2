"""The settings from environment variables, read once and validated strictly."""

import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

DEFAULT_DATABASE_URL = "postgresql:///arena"
DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
MIN_SECRET_LENGTH = 50
# Further variables of the service and its databases, also in compose.yaml and for libpq.
SERVICE_VARIABLE = re.compile(r"ARENA_.*|SECRET_KEY.*|DJANGO_.*|POSTGRES_.*|VALKEY_.*|REDIS_.*|DATABASE_.*|PG[A-Z]+")
MAX_DAYS = 36_500
MIN_TOKEN_LENGTH = 20


@dataclass(frozen=True)
class Environment:
    """All settings of the service with their defaults. The names give the units."""

    database_url: str = DEFAULT_DATABASE_URL
    redis_url: str = DEFAULT_REDIS_URL
    secret_key: str = ""
    secret_key_fallbacks: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    arena_env: str = "local"
    arena_answer_concurrency: int = 600
    arena_connect_timeout_s: float = 10
    arena_first_token_timeout_s: float = 30
    arena_between_tokens_timeout_s: float = 20
    arena_answer_timeout_s: float = 180
    arena_public_url: str = ""
    arena_proxy_hops: int = 0
    arena_anchor: tuple[str, float] | None = None
    arena_allow_private_endpoints: tuple[str, ...] = ()
    arena_key_names: tuple[str, ...] = ("*_API_KEY",)
    arena_pace_anonymous: bool = True
    arena_battles_per_hour: int = 60
    arena_battles_per_hour_address: int = 300
    arena_streams_per_voter: int = 6
    arena_conversation_characters: int = 24_000
    arena_tokens_per_day: int = 0
    arena_login: str = "optional"
    arena_signup: str = ""
    arena_operator_totp: str = "optional"
    arena_api_anonymous: bool = True
    arena_sharing: str = "moderated"
    arena_retention_days: int = 0
    arena_metrics_token: str = ""
    arena_security_contact: str = ""

    @property
    def production(self) -> bool:
        return self.arena_env == "production"

    @property
    def is_login_required(self) -> bool:
        return self.arena_login == "required"

    def allows_key_name(self, name: str) -> bool:
        """Whether an endpoint may read its API key from this variable. Settings of the service are never allowed."""
        is_setting = name in PARSERS or SERVICE_VARIABLE.fullmatch(name.upper())
        return not is_setting and any(fnmatchcase(name, pattern) for pattern in self.arena_key_names)


def parse_count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("is not a whole number ≥ 0")
    return int(text)


def parse_positive(text: str) -> int:
    number = parse_count(text)
    if not number:
        raise ValueError("is not a whole number ≥ 1")
    return number


def parse_days(text: str) -> int:
    number = parse_count(text)
    if number > MAX_DAYS:
        raise ValueError(f"is not a number of days ≤ {MAX_DAYS:,}")
    return number


def parse_seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ValueError("is not a number of seconds above 0")
    return number


def parse_switch(text: str) -> bool:
    if text.lower() in ("on", "1", "true", "yes"):
        return True
    if text.lower() in ("off", "0", "false", "no"):
        return False
    raise ValueError("is neither on nor off")


def make_choice_parser(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"is not one of {', '.join(choices)}")
        return text

    return parse


def parse_words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[,\s]+", text) if word)


def parse_networks(text: str) -> tuple[str, ...]:
    for word in parse_words(text):
        if "/" in word:
            try:
                ipaddress.ip_network(word, strict=False)
            except ValueError:
                raise ValueError(f"contains {word!r}, which is not a network such as 10.0.0.0/8") from None
    return parse_words(text)


def parse_key_names(text: str) -> tuple[str, ...]:
    for word in parse_words(text):
        if not re.fullmatch(r"[A-Za-z0-9_*?]+", word):
            raise ValueError(f"contains {word!r}, which is not a pattern such as *_API_KEY")
    return parse_words(text)


def parse_anchor(text: str) -> tuple[str, float]:
    slug, _, rating = text.rpartition(":")
    try:
        value = float(rating)
    except ValueError:
        value = math.nan
    if not slug or not math.isfinite(value):
        raise ValueError("is not of the form slug:rating")
    return slug, value


def make_url_parser(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes:
            raise ValueError(f"does not start with {' or '.join(s + '://' for s in schemes)}")
        _ = parts.port  # raises ValueError if it is not a port
        return text

    return parse


def parse_database_url(text: str) -> str:
    try:
        conninfo_to_dict(make_url_parser("postgresql", "postgres")(text))
    except ProgrammingError as error:
        raise ValueError(f"is not a PostgreSQL URL: {error}".strip()) from None
    return text


def parse_public_url(text: str) -> str:
    parts = urlsplit(make_url_parser("http", "https")(text))
    if not parts.hostname or f"{parts.scheme}://{parts.netloc}" != text.rstrip("/") or "@" in text:
        raise ValueError("is not of the form https://host or https://host:port")
    return text.rstrip("/")


def parse_contact(text: str) -> str:
    if not text.startswith(("mailto:", "https://")) or any(letter.isspace() for letter in text):
        raise ValueError("is not of the form mailto:name@host or https://host/page")
    return text


def parse_token(text: str) -> str:
    if len(text) < MIN_TOKEN_LENGTH or not re.fullmatch(r"[!-~]+", text):
        raise ValueError(f"is not a token of at least {MIN_TOKEN_LENGTH} ASCII characters without spaces")
    return text


PARSERS: dict[str, Callable[[str], object]] = {
    "DATABASE_URL": parse_database_url,
    "REDIS_URL": make_url_parser("redis", "rediss", "unix"),
    "SECRET_KEY": str,
    "SECRET_KEY_FALLBACKS": parse_words,
    "ALLOWED_HOSTS": parse_words,
    "ARENA_ENV": make_choice_parser("local", "production"),
    "ARENA_ANSWER_CONCURRENCY": parse_positive,
    "ARENA_CONNECT_TIMEOUT_S": parse_seconds,
    "ARENA_FIRST_TOKEN_TIMEOUT_S": parse_seconds,
    "ARENA_BETWEEN_TOKENS_TIMEOUT_S": parse_seconds,
    "ARENA_ANSWER_TIMEOUT_S": parse_seconds,
    "ARENA_PUBLIC_URL": parse_public_url,
    "ARENA_PROXY_HOPS": parse_count,
    "ARENA_ANCHOR": parse_anchor,
    "ARENA_ALLOW_PRIVATE_ENDPOINTS": parse_networks,
    "ARENA_KEY_NAMES": parse_key_names,
    "ARENA_PACE_ANONYMOUS": parse_switch,
    "ARENA_BATTLES_PER_HOUR": parse_count,
    "ARENA_BATTLES_PER_HOUR_ADDRESS": parse_count,
    "ARENA_STREAMS_PER_VOTER": parse_count,
    "ARENA_CONVERSATION_CHARACTERS": parse_positive,
    "ARENA_TOKENS_PER_DAY": parse_count,
    "ARENA_LOGIN": make_choice_parser("optional", "required"),
    "ARENA_SIGNUP": make_choice_parser("open", "invite", "closed"),
    "ARENA_OPERATOR_TOTP": make_choice_parser("optional", "required"),
    "ARENA_API_ANONYMOUS": parse_switch,
    "ARENA_SHARING": make_choice_parser("off", "moderated", "open"),
    "ARENA_RETENTION_DAYS": parse_days,
    "ARENA_METRICS_TOKEN": parse_token,
    "ARENA_SECURITY_CONTACT": parse_contact,
}


def load_environment(variables: Mapping[str, str]) -> Environment:
    """The settings from these environment variables. An empty value means the default.

    Raises ValueError with one sentence that names the variable: for unknown ARENA_* names, for invalid values, and in
    production for a missing or short secret key or a missing public URL.
    """
    for name in variables:
        if name.startswith("ARENA_") and name not in PARSERS:
            raise ValueError(f"{name} is not a setting; .env.example lists them all")
    values: dict[str, object] = {}
    for name, parse in PARSERS.items():
        if text := variables.get(name, "").strip():
            try:
                values[name.lower()] = parse(text)
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
