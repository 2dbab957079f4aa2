"""Parsers for settings. Each parser returns the value or raises ValueError.

The error message completes a sentence that begins with the setting's name.
"""

import ipaddress
import math
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

MAX_DAYS = 36_500
MIN_TOKEN_LENGTH = 20
MAX_NAME_LENGTH = 40
MAX_OPERATOR_LENGTH = 60


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
        raise ValueError("is not a number of seconds greater than 0")
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
        try:
            parts = urlsplit(text)
        except ValueError:
            raise ValueError("is not a valid URL") from None
        if parts.scheme not in schemes:
            raise ValueError(f"does not start with {' or '.join(scheme + '://' for scheme in schemes)}")
        try:
            _ = parts.port  # urllib checks the port only here
        except ValueError:
            raise ValueError("has a port that is not a number from 0 to 65535") from None
        return text

    return parse


def parse_database_url(text: str) -> str:
    try:
        conninfo_to_dict(make_url_parser("postgresql", "postgres")(text))
    except ProgrammingError as error:
        raise ValueError(f"is not a PostgreSQL URL: {error}".strip()) from None
    return text


def parse_redis_url(text: str) -> str:
    parts = urlsplit(make_url_parser("redis", "rediss", "unix")(text))
    query = parse_qs(parts.query)
    demands = {value.lower().removeprefix("cert_") for value in query.get("ssl_cert_reqs", ())}
    is_verified = demands <= {"required"} and (demands or "ssl_ca_certs" in query)
    if parts.scheme == "rediss" and not is_verified:  # Celery would not check the certificate
        raise ValueError("must check the server's certificate: add ?ssl_cert_reqs=required or ?ssl_ca_certs=FILE")
    return text


def build_broker_url(redis_url: str) -> str:
    """Return the URL under which Celery reaches the same Redis database.

    For a Unix socket, Celery has another scheme and another name for the number of the database.
    """
    if not redis_url.startswith("unix://"):
        return redis_url
    return re.sub(r"([?&])db=", r"\1virtual_host=", redis_url.replace("unix://", "redis+socket://", 1))


def parse_public_url(text: str) -> str:
    parts = urlsplit(make_url_parser("http", "https")(text))
    if not parts.hostname or f"{parts.scheme}://{parts.netloc}" != text.rstrip("/") or "@" in text:
        raise ValueError("is not of the form https://host or https://host:port")
    return text.rstrip("/")


def parse_contact(text: str) -> str:
    if not text.startswith(("mailto:", "https://")) or any(char.isspace() for char in text):
        raise ValueError("is not of the form mailto:name@host or https://host/page")
    return text


def parse_name(text: str) -> str:
    return _check_line(text, MAX_NAME_LENGTH)


def parse_operator(text: str) -> tuple[str, str]:
    """Return the operator's name and contact from `Name` or `Name <contact>`. A missing contact is empty."""
    name, bracket, rest = text.partition("<")
    if not bracket:
        return _check_line(name, MAX_OPERATOR_LENGTH), ""
    contact, bracket, trailing = rest.partition(">")
    if not name.strip() or not bracket or trailing.strip():
        raise ValueError("is not of the form Name or Name <contact>")
    name = _check_line(name.strip(), MAX_OPERATOR_LENGTH)
    try:
        return name, parse_contact(contact)
    except ValueError as error:
        raise ValueError(f"has a contact that {error}") from None


def _check_line(text: str, limit: int) -> str:
    if len(text) > limit or not text.isprintable():
        raise ValueError(f"is not one line of at most {limit} characters")
    return text


def parse_token(text: str) -> str:
    if len(text) < MIN_TOKEN_LENGTH or not re.fullmatch(r"[!-~]+", text):
        raise ValueError(f"is not a token of at least {MIN_TOKEN_LENGTH} ASCII characters without spaces")
    return text
