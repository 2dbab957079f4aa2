"""Keeps the answer engine from being sent to addresses inside the house.

An endpoint may lie on the public internet, or where the operator allowed it by host or network. Checked are
the URL before it is stored (`check_url`), and every address at the moment of connecting to it: a name that
resolves to something else the second time gains nothing, since what was checked is what is connected to.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import NoReturn

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from arena.endpoints.backends.protocol import Timeouts

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

API_KEY_HINT = "a key belongs into an environment variable, and its name into api_key_env"
LOOPBACK_ADDRESSES = tuple(map(ipaddress.ip_address, ("127.0.0.1", "::1")))
# Global by the registry or by some Pythons, yet inside the house: Azure's metadata server, special uses of IETF
# (Oracle's metadata server), IPv6 ranges that translate to an IPv4 address, addresses of a site (RFC 3879) and of
# documents (RFC 9637).
BLOCKED_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        ["168.63.129.16/32", "192.0.0.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "fec0::/10", "3fff::/20"],
    )
)


class SsrfGuard:
    """Which hosts may be connected to. `allowed` names hosts, addresses or networks beyond the public ones.

    Raises ValueError when an entry with a slash is no network.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        entries = [normalize_host(entry.strip()).strip("[]") for entry in allowed]
        self._networks = [network for entry in entries if (network := parse_network(entry))]
        self._hosts = frozenset(entries)

    def check(self, url: URL) -> None:
        """Raises ValueError unless this may be asked for. A name is only known once it is resolved."""
        if url.scheme not in ("http", "https"):
            raise ValueError("is not an http or https URL")
        if url.user is not None or url.password is not None:
            raise ValueError(f"holds a user name or password; {API_KEY_HINT}")
        host = normalize_host(url.raw_host or "")
        if not host:
            raise ValueError("names no host")
        addresses = LOOPBACK_ADDRESSES if is_localhost(host) else parse_addresses(host)
        if addresses and not any(self.allows(host, address) for address in addresses):
            raise_blocked_host(host)

    def allows(self, host: str, address: Address) -> bool:
        """Whether this host may be connected to at this address."""
        return (
            normalize_host(host) in self._hosts
            or any(address in network for network in self._networks)
            or is_public(address)
        )


def check_url(url: str, allowed: Iterable[str] = ()) -> None:
    """Raises ValueError with the end of a sentence ("… is not an http or https URL").

    What is stored is the beginning of addresses, and everybody who looks after the arena may read it.
    """
    try:
        parsed = URL(url)
        _ = parsed.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if "?" in url or "#" in url:
        raise ValueError(f"holds a query or a fragment, that is ? or #; {API_KEY_HINT}")
    SsrfGuard(allowed).check(parsed)


def create_session(allowed: Iterable[str], timeouts: Timeouts) -> aiohttp.ClientSession:
    """A session for all backends of a process; to be made inside the running loop, and closed by the caller.

    Nothing limits the number of connections: that is up to the semaphores of the engine.
    """
    return aiohttp.ClientSession(
        connector=GuardedConnector(SsrfGuard(allowed)),
        timeout=aiohttp.ClientTimeout(total=None, connect=timeouts.connect),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "arena", "Accept-Encoding": "identity"},
        trust_env=False,
    )


class GuardedConnector(aiohttp.TCPConnector):
    """Connects only where the guard allows it."""

    def __init__(self, guard: SsrfGuard) -> None:
        super().__init__(resolver=GuardedResolver(guard, aiohttp.ThreadedResolver()), limit=0)
        self._guard = guard

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[aiohttp.tracing.Trace], timeout: aiohttp.ClientTimeout
    ) -> aiohttp.connector.Connection:
        self._guard.check(req.url)  # an address instead of a name never reaches the resolver
        return await super().connect(req, traces, timeout)


class GuardedResolver(AbstractResolver):
    """Resolves names, and leaves out the addresses that the guard forbids."""

    def __init__(self, guard: SsrfGuard, resolver: AbstractResolver) -> None:
        self._guard = guard
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        results = await self._resolver.resolve(host, port, family)
        allowed = [r for r in results if self._guard.allows(host, ipaddress.ip_address(r["host"]))]
        return allowed or raise_blocked_host(host)

    async def close(self) -> None:
        await self._resolver.close()


def raise_blocked_host(host: str) -> NoReturn:
    raise ValueError(f"leads to {host}, which is no public address; ARENA_ALLOW_PRIVATE_ENDPOINTS may allow it")


def is_public(address: Address) -> bool:
    """Whether anyone on the internet may have this address; hidden IPv4 addresses are looked at instead."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if hidden:
            return is_public(hidden)
    special = address.is_private or address.is_reserved or address.is_multicast or address.is_link_local
    return address.is_global and not special and not any(address in network for network in BLOCKED_NETWORKS)


def is_localhost(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def normalize_host(host: str) -> str:
    return host.lower().rstrip(".")


def parse_addresses(host: str) -> tuple[Address, ...]:
    """The address that a host is written as, also in old numeric forms (127.1, 0x7f000001); else nothing."""
    try:
        return (ipaddress.ip_address(host.partition("%")[0]),)
    except ValueError:
        pass
    try:
        return (ipaddress.IPv4Address(socket.inet_aton(host)),)
    except OSError:
        return ()


def parse_network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        if "/" in entry:
            raise ValueError(f"{entry!r} is no network") from None
        return None
