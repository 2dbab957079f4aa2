import ipaddress
import socket

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from arena.endpoints.backends.protocol import Timeouts
from arena.endpoints.backends.ssrf_guard import GuardedResolver, SsrfGuard, check_url, create_session, is_public

# Every way to write an internal address that the check list names.
INSIDE = [
    "http://127.0.0.1/v1",
    "http://127.0.0.1:8000/v1",
    "http://127.8.9.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[fec0::1]/",
    "http://[feff::1]/",
    "http://[3fff::1]/",
    "http://[3fff:fff::1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://100.100.100.200/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://api.localhost/",
    "http://\uff11\uff12\uff17.0.0.1/",
]


@pytest.mark.parametrize("url", INSIDE)
def test_check_url_refuses_addresses_inside(url):
    with pytest.raises(ValueError, match=r"not a public address|not a URL"):
        check_url(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///etc/passwd", "not an http or https URL"),
        ("gopher://example.com/", "not an http or https URL"),
        ("ftp://example.com/", "not an http or https URL"),
        ("example.com/v1", "not an http or https URL"),
        ("", "not an http or https URL"),
        ("http://user@example.com/", "user name or password"),
        ("http://user:secret@example.com/", "user name or password"),
        ("http://:secret@example.com/", "user name or password"),
        ("https://example.com/v1?key=secret", "contains a query or a fragment"),
        ("https://example.com/v1?", "contains a query or a fragment"),
        ("https://example.com/v1#secret", "contains a query or a fragment"),
        ("http:///v1", "not a URL|no host"),
        ("http://[::1/", "not a URL"),
        ("http://example.com:99999/", "not a URL"),
        ("http://example.com:port/", "not a URL"),
    ],
)
def test_check_url_refuses_what_is_no_plain_url(url, message):
    with pytest.raises(ValueError, match=message) as caught:
        check_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "http://example.com:8080/v1",
        "http://8.8.8.8/",
        "http://[2606:4700::1111]/v1",
        "https://münchen.example/",
        "https://vllm.internal/v1",
    ],
)
def test_check_url_lets_public_ones_pass(url):
    check_url(url)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:8000/v1", ["127.0.0.0/8"]),
        ("http://127.0.0.1:8000/v1", ["127.0.0.1"]),
        ("http://127.0.0.1:8000/v1", [" 10.0.0.0/8", "127.0.0.1 "]),
        ("http://localhost:11434/v1", ["localhost"]),
        ("http://LocalHost:11434/v1", ["LOCALHOST"]),
        ("http://localhost:11434/v1", ["127.0.0.0/8"]),
        ("http://localhost:11434/v1", ["::1"]),
        ("http://[::1]/v1", ["[::1]"]),
        ("http://10.20.30.40/v1", ["10.20.0.0/16"]),
        ("http://[fd12::5]/v1", ["fd00::/8"]),
        ("http://[::ffff:10.0.0.1]/v1", ["::ffff:10.0.0.0/104"]),
    ],
)
def test_check_url_lets_allowed_ones_pass(url, allowed):
    check_url(url, allowed)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1/", ["10.0.0.0/8", "localhost"]),
        ("http://10.21.0.1/", ["10.20.0.0/16"]),
        ("http://169.254.169.254/", ["127.0.0.0/8", "10.0.0.0/8"]),
        ("http://localhost/", ["10.0.0.0/8"]),
    ],
)
def test_check_url_allows_no_more_than_listed(url, allowed):
    with pytest.raises(ValueError, match="not a public address"):
        check_url(url, allowed)


def test_guard_refuses_a_network_that_is_none():
    with pytest.raises(ValueError, match=r"'10\.0\.0\.0/99' is not a network"):
        SsrfGuard(["10.0.0.0/99"])


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_is_public_knows_public_addresses(address):
    assert is_public(ipaddress.ip_address(address))


class Names(AbstractResolver):
    """Resolves names to the next list of addresses at each call, as a hostile name server does."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        addresses = self.answers.pop(0)
        return [
            {"hostname": host, "host": a, "port": port, "family": family, "proto": 0, "flags": 0} for a in addresses
        ]

    async def close(self) -> None:
        pass


async def resolve_addresses(resolver: GuardedResolver, host: str) -> list[str]:
    return [result["host"] for result in await resolver.resolve(host, 80)]


async def test_resolver_leaves_out_addresses_inside():
    resolver = GuardedResolver(SsrfGuard(), Names(["10.0.0.1", "8.8.8.8", "::1"]))
    assert await resolve_addresses(resolver, "mixed.example") == ["8.8.8.8"]


async def test_resolver_refuses_a_name_that_changes_its_mind():
    resolver = GuardedResolver(SsrfGuard(), Names(["8.8.8.8"], ["127.0.0.1"]))
    assert await resolve_addresses(resolver, "rebind.example") == ["8.8.8.8"]
    with pytest.raises(ValueError, match=r"points to rebind\.example"):
        await resolve_addresses(resolver, "rebind.example")


@pytest.mark.parametrize("allowed", [["vllm.lan"], ["VLLM.lan."], ["10.0.0.0/8"]])
async def test_resolver_lets_allowed_names_pass(allowed):
    resolver = GuardedResolver(SsrfGuard(allowed), Names(["10.0.0.5"]))
    assert await resolve_addresses(resolver, "vllm.lan") == ["10.0.0.5"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "[::ffff:127.0.0.1]"])
async def test_session_connects_to_nothing_inside(provider, host):
    async with create_session([], Timeouts()) as guarded:
        with pytest.raises((ValueError, aiohttp.ClientError)):
            await guarded.get(f"http://{host}:{provider.port}/log")


async def test_session_refuses_a_name_that_resolves_to_loopback(provider):
    async with create_session([], Timeouts()) as guarded:
        guarded.connector._resolver._resolver = Names(["127.0.0.1"])
        with pytest.raises(ValueError, match=r"points to innocent\.example"):
            await guarded.get(f"http://innocent.example:{provider.port}/log")


@pytest.mark.parametrize("allowed", [["innocent.example"], ["127.0.0.0/8"]])
async def test_session_connects_to_an_allowed_name(provider, allowed):
    async with create_session(allowed, Timeouts()) as guarded:
        guarded.connector._resolver._resolver = Names(["127.0.0.1"])
        async with guarded.get(f"http://innocent.example:{provider.port}/log") as response:
            assert response.status == 200


async def test_session_keeps_no_cookies_and_asks_for_no_compression(provider):
    async with create_session(["127.0.0.1"], Timeouts()) as session:
        assert isinstance(session.cookie_jar, aiohttp.DummyCookieJar)
        assert session.headers["Accept-Encoding"] == "identity"
        assert session.trust_env is False
