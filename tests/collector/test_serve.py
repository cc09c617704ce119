"""The server itself, in a process of its own, as other computers meet it: a small Streamlit script
and one route of a form behind the guard, on every address of this computer."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.sync.client import connect

from collector.serve.app_cli import app
from mexlab.commandline import Group
from mexlab.errors import InputError
from mexlab.study import Study
from mexlab.web.listening import Access, Certificate, address_of, addresses, listening
from tests.conftest import refused

TOKEN = "the-operators-token"
START_S = 30.0
SCRIPT = 'import streamlit as st\nst.title("the desk")\n'
# Streamlit keeps its routes to itself until the first request, hence the underscores.
PROGRAM = """
import json, sys
from pathlib import Path
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from mexlab.web.listening import Access, Certificate, listening
from collector.serve.server import front_desk
from mexlab.web.serving import run

host, token, script, *tls = sys.argv[1:]
certificate = Certificate(*map(Path, tls)) if tls else None
taken = listening(host, 0)
access = Access(host, taken.getsockname()[1], token or None, bool(tls))
form = Route("/form/hello", lambda request: PlainTextResponse("the form"), methods=["GET", "POST"])
guard = front_desk([form], Path(script), access, certificate)
routes = guard._desk._build_starlette_app().routes
print(json.dumps([[type(route).__name__, route.path] for route in routes]), flush=True)
print(access.port, flush=True)
run(guard, taken, access, lambda line: print(line, flush=True), certificate)
"""


@dataclass
class Server:
    process: subprocess.Popen
    folder: Path
    tls: ssl.SSLContext | None = None

    def start(self):
        """Wait until it listens; what it printed before that, line by line."""
        self.routes = json.loads(self.process.stdout.readline())
        self.port = int(self.process.stdout.readline())
        self.said = [self.process.stdout.readline()]
        while "Ctrl-C" not in self.said[-1]:
            self.said.append(self.process.stdout.readline())
        return self

    def ask(self, path, method="GET", host="127.0.0.1", **headers):
        """Status, headers and text of an answer, without following redirects."""
        kind = http.client.HTTPConnection
        extra = {"context": self.tls} if self.tls else {}
        if self.tls:
            kind = http.client.HTTPSConnection
        connection = kind(host, self.port, timeout=START_S, **extra)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=names)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        return answer.status, answer.headers, text

    def let_in(self):
        """The cookie that the token gives."""
        status, headers, _ = self.ask(f"/?token={TOKEN}")
        assert (status, headers["location"]) == (303, "/")
        return headers["set-cookie"]

    def socket(self, host="127.0.0.1", **headers):
        """Status of the handshake with Streamlit's socket."""
        asked = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec_WebSocket_Version": "13",
            "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        return self.ask("/_stcore/stream", host=host, **asked, **headers)[0]

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=START_S)
        return self.process.returncode, out


def launched(folder, host, token, *tls):
    script = folder / "desk_script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-c", PROGRAM, host, token, str(script), *map(str, tls)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=(folder / "stderr").open("w"),
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "STREAMLIT_SERVER_ENABLE_STATIC_SERVING": "true"},
    )
    return Server(process, folder)


def self_signed(folder):
    """A certificate for 127.0.0.1 and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl: apt install openssl")
    made = folder / "tls.crt", folder / "tls.key"
    new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=lab"
    files = ["-out", made[0], "-keyout", made[1], "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(["openssl", *new.split(), *files], check=True, capture_output=True)
    return made


@pytest.fixture(scope="module")
def tls_files(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Two servers, started side by side: for the laboratory, and for this computer alone."""
    lab = launched(tmp_path_factory.mktemp("lab"), "0.0.0.0", TOKEN)
    here = launched(tmp_path_factory.mktemp("here"), "127.0.0.1", "")
    yield {"lab": lab.start(), "here": here.start()}
    for server in (lab, here):
        server.process.kill()
        server.process.communicate()


@pytest.fixture
def lab(running):
    return running["lab"]


@pytest.fixture
def here(running):
    return running["here"]


def own_address():
    """An address of this computer that is not loopback, or loopback where it has no other."""
    return re.split("//|:", addresses(Access("0.0.0.0", 1, TOKEN))[0])[2]


CLAIMS = (
    {},
    {"X_Forwarded_For": "127.0.0.1", "X_Real_IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
    {"Host": "localhost:8765"},
    {"Cookie": "mexlab_form=P001-20261123T101500.key"},
    {"Cookie": "mexlab_desk=P001-20261123T101500.key"},
    {"Authorization": f"Bearer {TOKEN}"},
)


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_no_route_answers_without_the_token(lab, claim):
    paths = [re.sub(r"\{.*?\}", "x", path) for _, path in lab.routes]
    assert {"/_stcore/health", "/_stcore/stream", "/media/x", "/_stcore/upload_file/x/x"} < {*paths}
    more = ["/", "/overview", "/static/index.html", "/favicon.png", "/app/static/x", "/form"]
    for host in ("127.0.0.1", own_address()):
        for path in [*paths, *more]:
            for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
                status, headers, text = lab.ask(path, method, host, **claim)
                assert status == 401, (path, method)
                assert "set-cookie" not in headers
                assert "streamlit" not in text.lower()
        # The client names its host itself; a second one is no request at all.
        assert lab.socket(host, **{k: v for k, v in claim.items() if k != "Host"}) == 401


def test_every_route_answers_with_it(lab):
    key = {"Cookie": lab.let_in().split(";")[0]}
    for kind, path in lab.routes:
        if kind != "WebSocketRoute":
            assert lab.ask(re.sub(r"\{.*?\}", "x", path), **key)[0] != 401, path
    assert lab.ask("/_stcore/health", **key)[2] == "ok"
    status, headers, page = lab.ask("/", **key)
    assert (status, headers["cache-control"]) == (200, "no-store")
    script = re.search(r'src="\.?(/static/js/[^"]+\.js)"', page)[1]
    assert "immutable" in lab.ask(script, **key)[1]["cache-control"]
    assert lab.socket(**key) == 101
    assert lab.socket(Origin=f"http://127.0.0.1:{lab.port}", **key) == 101
    assert lab.socket(Origin="http://evil.example", **key) == 403


def test_files_beside_the_script_are_not_served(lab):
    assert not [path for _, path in lab.routes if path.startswith("/app/static")]


def test_the_form_needs_no_token_and_leads_nowhere_else(lab):
    assert lab.ask("/form/hello")[2] == "the form"
    for path in ("/form/", "/form/x", "/form/../_stcore/health", "/form/%2e%2e/_stcore/health"):
        assert lab.ask(path)[0] == 404
    assert lab.ask("/%66orm/hello")[2] == "the form"
    assert lab.ask("//form/hello")[0] == 401


def test_this_computer_alone_needs_no_token_but_its_own_name(here):
    assert here.ask("/_stcore/health")[2] == "ok"
    assert here.socket() == 101
    assert here.ask("/form/hello")[2] == "the form"
    for path in ("/", "/_stcore/health", "/form/hello"):
        assert here.ask(path, Host="evil.example")[0] == 403
    assert here.socket(Origin="http://evil.example") == 403


def test_two_hosts_are_refused_whichever_comes_first(here):
    for names in (["localhost", "evil.example"], ["evil.example", "localhost"]):
        with socket.create_connection(("127.0.0.1", here.port), timeout=START_S) as raw:
            hosts = "".join(f"Host: {name}\r\n" for name in names)
            raw.sendall(f"GET /form/hello HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
            assert raw.recv(100).split()[1] in (b"400", b"403")


def test_what_is_printed(lab, here):
    assert here.said[0] == f"open http://127.0.0.1:{here.port}/\n"
    assert "--tls" not in "".join(here.said)
    assert lab.said[0] == f"open http://{own_address()}:{lab.port}/?token={TOKEN}\n"
    warning = [line for line in lab.said if "read along" in line]
    assert len(warning) == 1
    assert "--tls-cert" in warning[0]
    assert "--tls-key" in warning[0]


def test_tls_and_the_end(lab, here, tls_files, tmp_path):
    """The last test of these servers: it stops them, each while a page is open."""
    secure = launched(tmp_path, "0.0.0.0", TOKEN, *tls_files)
    key = {"Cookie": lab.let_in().split(";")[0]}
    streams = [
        connect(f"ws://127.0.0.1:{here.port}/_stcore/stream", proxy=None),
        connect(f"ws://127.0.0.1:{lab.port}/_stcore/stream", additional_headers=key, proxy=None),
    ]
    begun = time.monotonic()
    assert here.stop(signal.SIGINT) == (0, "stopped\n")
    assert lab.stop() == (0, "stopped\n")
    assert time.monotonic() - begun < START_S / 3
    for stream in streams:
        stream.close()
    for server in (here, lab):
        printed = (server.folder / "stderr").read_text()
        assert TOKEN not in printed
        assert "://" not in printed
        assert "Traceback" not in printed

    secure.tls = ssl.create_default_context(cafile=tls_files[0])
    secure.start()
    assert secure.said[0].startswith("open https://")
    assert "read along" not in "".join(secure.said)
    assert secure.ask("/")[0] == 401
    cookie = secure.let_in()
    assert "Secure" in cookie
    key = {"Cookie": cookie.split(";")[0]}
    cookies = secure.ask("/_stcore/health", **key)[1].get_all("set-cookie") or []
    assert all("Secure" in given for given in cookies)
    assert secure.socket(**key) == 101
    assert secure.socket() == 401
    assert secure.stop()[0] == 0


# What is wrong on the command line


@pytest.fixture
def cli():
    return Group(commands={"app": app})


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return Study.create(tmp_path_factory.mktemp("serve") / "study").root


def test_a_port_in_use_is_one_line(cli, study):
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        line = refused(cli, "app", study, "--port", port)
    assert f"--port {port}" in line


def test_no_study_no_host(cli, study, tmp_path):
    assert "no such study" in refused(cli, "app", tmp_path / "none")
    assert "--host nowhere.invalid" in refused(cli, "app", study, "--host", "nowhere.invalid")
    assert "--host 192.0.2.1" in refused(cli, "app", study, "--host", "192.0.2.1", "--port", 0)


def test_tls_files_that_do_not_serve(cli, study, tls_files, tmp_path):
    crt, key = tls_files
    other = self_signed(tmp_path)[1]

    def line(certificate, its_key):
        return refused(cli, "app", study, "--tls-cert", certificate, "--tls-key", its_key)

    assert "not the certificate's" in line(crt, other)
    assert "No such file" in line(crt, tmp_path / "none.key")
    assert "--tls-cert" in line(tmp_path, key)
    assert "no certificate with its key" in line(key, crt)
    assert Certificate(crt, key).key == key


def test_a_key_with_a_password_is_refused_without_asking(tls_files, tmp_path):
    crt, key = tls_files
    locked = tmp_path / "locked.key"
    command = ["openssl", "ec", "-in", key, "-out", locked, "-aes128", "-passout", "pass:word"]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(InputError, match="without a password"):
        Certificate(crt, locked)


def test_addresses():
    assert addresses(Access("127.0.0.1", 8765)) == ("http://127.0.0.1:8765",)
    assert addresses(Access("::1", 80)) == ("http://[::1]:80",)
    named = Access("192.0.2.7", 443, TOKEN, tls=True, name="desk.lab.example")
    assert addresses(named) == ("https://desk.lab.example:443",)
    for found in addresses(Access("::", 8765, TOKEN)):
        assert "0.0.0.0" not in found
        assert "[::]" not in found


def test_names_become_addresses():
    assert address_of("localhost") == "127.0.0.1"
    assert address_of("0.0.0.0") == address_of("0") == "0.0.0.0"
    assert address_of("::") == "::"
    with pytest.raises(InputError, match="no such host"):
        address_of("a" * 300)
