"""Where a server listens and under which addresses others find it: hosts, ports, TLS files.

What a person gave on the command line is checked here, before anything starts.
"""

import socket
import ssl
import sys
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import psutil

from mexlab.errors import InputError


@dataclass(frozen=True)
class Access:
    """Where the server listens and what the operator must show.

    `host` is the address bound: numeric, or localhost. `name` is what to call it in addresses that
    people read, where that is not the host. Raises ValueError for a host beyond this computer
    without a token.
    """

    host: str
    port: int
    token: str | None = None
    tls: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        if not self.token and not self.loopback:
            raise ValueError(f"a server on {self.host} needs a token")

    @property
    def loopback(self) -> bool:
        """Whether only this computer reaches it."""
        return is_loopback(self.host)

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"


def is_loopback(host: str) -> bool:
    """Whether a name or address, IPv6 with or without brackets, always means this computer."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Certificate:
    """PEM files of a TLS server. Raises InputError for what is missing or does not belong."""

    certificate: Path
    key: Path

    def __post_init__(self) -> None:
        for option, path in (("--tls-cert", self.certificate), ("--tls-key", self.key)):
            try:
                path.open("rb").close()
            except OSError as error:
                remedy = "give a PEM file that can be read"
                raise InputError(str(error.strerror), f"{option} {path}", remedy) from None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # The password would be asked for at the terminal.
            context.load_cert_chain(self.certificate, self.key, password="")
        except ssl.SSLError as error:
            mismatch = error.reason == "KEY_VALUES_MISMATCH"
            what = "the key is not the certificate's" if mismatch else "no certificate with its key"
            remedy = "give PEM files that belong together, the key without a password"
            where = f"--tls-cert {self.certificate} --tls-key {self.key}"
            raise InputError(what, where, remedy) from None


def address_of(host: str) -> str:
    """The numeric address a name stands for, IPv4 first. Raises InputError for none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        remedy = "give 127.0.0.1, 0.0.0.0 or an address of this computer"
        raise InputError("no such host", f"--host {host}", remedy) from None
    by_family = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return str(by_family[0][4][0])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens on a numeric address; port 0 takes any free one.

    Raises InputError naming the option to change.
    """
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if taken.family == socket.AF_INET6:
            taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # IPv4 as well
        if sys.platform != "win32":  # there it would share a port that is in use
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
        taken.listen(128)
    except OSError as error:
        taken.close()
        where = f"--host {host} --port {port}"
        remedy = "give an address of this computer and a free --port (0 takes any)"
        raise InputError(f"cannot listen: {error.strerror}", where, remedy) from None
    return taken


def addresses(access: Access) -> tuple[str, ...]:
    """Base URLs under which browsers find the server, the one to show first in front."""
    hosts = [access.name or access.host]
    if not access.name and not access.loopback and ip_address(access.host).is_unspecified:
        hosts = _own_hosts(socket.AF_INET) or ["127.0.0.1"]
        if ":" in access.host:
            hosts += _own_hosts(socket.AF_INET6)
    shown = [f"[{host}]" if ":" in host else host for host in hosts]
    return tuple(f"{access.scheme}://{host}:{access.port}" for host in shown)


def _own_hosts(family: socket.AddressFamily) -> list[str]:
    """This computer's addresses that others can reach."""
    entries = [entry for listed in psutil.net_if_addrs().values() for entry in listed]
    # What carries a % is known to this computer's own cards only.
    hosts = [e.address for e in entries if e.family == family and "%" not in e.address]
    found = [ip for ip in map(ip_address, hosts) if not ip.is_loopback and not ip.is_link_local]
    return [str(ip) for ip in found]
