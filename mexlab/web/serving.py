"""A web application of ours at a socket, until Ctrl-C.

Holds no state: what its pages know lies in the study, so that it may be killed at any time.
"""

import os
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from mexlab.web.guard import PARAMETER
from mexlab.web.listening import Access, Certificate, addresses

if TYPE_CHECKING:
    import uvicorn

Say = Callable[[str], object]
Browse = Callable[[str], object]

STOPPING_S = 3  # what a page still being sent may take when the server stops
MESSAGE_BYTES = 200_000_000  # the largest message of Streamlit's socket, as Streamlit has it


def open_page(address: str) -> None:
    """In this computer's browser, where there is a display to show it."""
    names = ("DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in names):
        webbrowser.open(address)


def run(
    app: ASGIApp,
    taken: socket.socket,
    access: Access,
    say: Say,
    certificate: Certificate | None = None,
    browse: Browse | None = None,
) -> None:
    """Serve `app` at a socket that listens, until Ctrl-C or SIGTERM."""
    entrance = f"/?{PARAMETER}={access.token}" if access.token else "/"
    doors = [address + entrance for address in addresses(access)]
    for door in doors:
        say(f"open {door}")
    if not access.loopback and not access.tls:
        say(
            "anybody on this network can read along: use --tls-cert and --tls-key, or a network "
            "of your own"
        )
    say("Ctrl-C stops the server; nothing is lost by it")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if browse:
        browse(doors[0])
    try:
        http_server(app, certificate).run(sockets=[taken])
    except KeyboardInterrupt:
        say("stopped")


def http_server(app: ASGIApp, certificate: Certificate | None = None) -> "uvicorn.Server":
    """A server of `app`. No log of requests: their addresses hold tokens and keys."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_level="warning",
            proxy_headers=False,  # what a client says of itself must not count
            server_header=False,
            ssl_certfile=certificate.certificate if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
            timeout_graceful_shutdown=STOPPING_S,
            ws="websockets-sansio",  # this and the next as Streamlit serves itself
            ws_max_size=MESSAGE_BYTES,
            ws_per_message_deflate=False,
            ws_ping_interval=30,
            ws_ping_timeout=30,
        )
    )
