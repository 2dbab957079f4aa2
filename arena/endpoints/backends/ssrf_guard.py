"""A guard against server-side request forgery (SSRF), which would make Arena send requests to internal addresses.

An endpoint must have a public address, or a host or network that the operator allows. `check_url` checks a URL before
it is stored. The session checks the URL and each resolved address again for each request, and connects only to that
address, so a host name that later resolves to another address cannot bypass the guard.
"""

import ipaddress
import socket
from collections.abc import Iterable

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from arena.endpoints.backends.protocol import API_KEY_HINT, Timeouts

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK_ADDRESSES = tuple(map(ipaddress.ip_address, ("127.0.0.1", "::1")))
# Internal addresses that the IANA registry or some Python versions classify as global: Azure's metadata server, IETF
# protocol assignments (including Oracle's metadata server), IPv6 ranges that translate to IPv4, site-local addresses
# (RFC 3879), and documentation addresses (RFC 9637).
BLOCKED_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        ["168.63.129.16/32", "192.0.0.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "fec0::/10", "3fff::/20"],
    )
)


class SsrfGuard:
    """Decides which hosts and addresses may be called.

    allowed: hosts, addresses, or networks that are allowed in addition to public addresses

    Raises ValueError if an entry with a slash is not a network.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        entries = [normalize_host(entry.strip()).strip("[]") for entry in allowed]
        self._networks = [network for entry in entries if (network := parse_network(entry))]
        self._hosts = frozenset(entries)

    def check(self, url: URL) -> None:
        """Raise ValueError if requests to this URL are forbidden. Host names are checked when they are resolved."""
        if url.scheme not in ("http", "https"):
            raise ValueError("is not an http or https URL")
        if url.user is not None or url.password is not None:
            raise ValueError(f"contains a user name or password; {API_KEY_HINT}")
        host = normalize_host(url.raw_host or "")
        if not host:
            raise ValueError("has no host")
        is_localhost = host == "localhost" or host.endswith(".localhost")
        addresses = LOOPBACK_ADDRESSES if is_localhost else parse_addresses(host)
        if addresses and not any(self.allows(host, address) for address in addresses):
            raise blocked_host_error(host)

    def allows(self, host: str, address: Address) -> bool:
        """Return whether connections to this host at this address are allowed."""
        return (
            normalize_host(host) in self._hosts
            or any(address in network for network in self._networks)
            or is_public(address)
        )


def check_url(url: str, allowed: Iterable[str] = ()) -> None:
    """Raise ValueError if requests to this URL are forbidden. The message completes a sentence, as in "has no host".

    A query or a fragment is rejected for two reasons: paths are appended to the URL, and a query or a fragment could
    contain a key, which all operators could then read.
    """
    try:
        parsed = URL(url)
        _ = parsed.port  # raises ValueError if the port is invalid
    except ValueError:
        raise ValueError("is not a URL") from None
    if "?" in url or "#" in url:
        raise ValueError(f"contains a query or a fragment (? or #); {API_KEY_HINT}")
    SsrfGuard(allowed).check(parsed)


def create_session(allowed: Iterable[str], timeouts: Timeouts) -> aiohttp.ClientSession:
    """Return an HTTP session for all backends of a process. Call this in a running event loop, and close the session.

    The session does not limit the number of connections, because the answer engine does.
    """
    guard = SsrfGuard(allowed)

    async def check_request(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        guard.check(request.url)  # the resolver is not called for a URL with an IP address
        return await send(request)

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=GuardedResolver(guard, aiohttp.ThreadedResolver()), limit=0),
        middlewares=(check_request,),
        timeout=aiohttp.ClientTimeout(total=None, connect=timeouts.connect),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "arena", "Accept-Encoding": "identity"},
        trust_env=False,
    )


class GuardedResolver(AbstractResolver):
    """A resolver that returns only addresses that the guard allows."""

    def __init__(self, guard: SsrfGuard, resolver: AbstractResolver) -> None:
        self._guard = guard
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        results = await self._resolver.resolve(host, port, family)
        allowed = [result for result in results if self._guard.allows(host, ipaddress.ip_address(result["host"]))]
        if not allowed:
            raise blocked_host_error(host)
        return allowed

    async def close(self) -> None:
        await self._resolver.close()


def blocked_host_error(host: str) -> ValueError:
    return ValueError(
        f"points to {host}, which is not a public address; to allow it, set ARENA_ALLOW_PRIVATE_ENDPOINTS"
    )


def is_public(address: Address) -> bool:
    """Return whether the address, or the IPv4 address that is embedded in it, is public."""
    if isinstance(address, ipaddress.IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if embedded:
            return is_public(embedded)
    if address.is_private or address.is_reserved or address.is_multicast or address.is_link_local:
        return False
    return address.is_global and not any(address in network for network in BLOCKED_NETWORKS)


def normalize_host(host: str) -> str:
    return host.lower().rstrip(".")


def parse_addresses(host: str) -> tuple[Address, ...]:
    """Return (address,) if the host is an IP address, or else (). Old forms such as 127.1 are accepted."""
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
            raise ValueError(f"{entry!r} is not a network") from None
        return None
