"""The guard alone, asked with hand-made requests; behind it two applications that say who they
are."""

import asyncio
from dataclasses import dataclass

import pytest

from mexlab.web.guard import Guard
from mexlab.web.listening import Access, is_loopback

TOKEN = "the-operators-token"
HERE = Access("127.0.0.1", 8765)
LAB = Access("0.0.0.0", 8765, TOKEN)
LAB_TLS = Access("0.0.0.0", 8765, TOKEN, tls=True)
LAB_HOST = "192.0.2.7:8765"


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: str

    def header(self, name: str) -> str:
        found = [value for key, value in self.headers if key == name]
        assert len(found) == 1, found
        return found[0]

    @property
    def cookie(self) -> str:
        return self.header("set-cookie").split(";")[0]


def saying(word, *headers):
    """An application that answers with its name: in a page, or by taking the websocket."""

    async def app(scope, receive, send):
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        raw = [(b"content-type", b"text/plain"), *headers]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": word.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    return app


def guarded(access, *desk_headers):
    return Guard(saying("form "), saying("desk ", *desk_headers), access)


def messages(guard, path, *headers, method="GET", query="", kind="http", explain=True, root=""):
    sent = []

    async def receive():
        raise AssertionError("the guard reads no body")

    async def send(message):
        sent.append(message)

    scope = {
        "type": kind,
        "path": path,
        "root_path": root,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers],
        "extensions": {"websocket.http.response": {}} if explain else {},
    }
    if kind == "http":
        scope["method"] = method
    asyncio.run(guard(scope, receive, send))
    return sent


def ask(guard, path="/", *headers, host=LAB_HOST, **how):
    hosts = [("host", host)] if host is not None else []
    first, *rest = messages(guard, path, *hosts, *headers, **how)
    if first["type"] == "websocket.accept":
        return Answer(101, [], "")
    pairs = [(k.decode(), v.decode()) for k, v in first["headers"]]
    return Answer(first["status"], pairs, b"".join(m["body"] for m in rest).decode())


def socket(guard, path="/_stcore/stream", *headers, **how):
    return ask(guard, path, *headers, kind="websocket", **how).status


def let_in(guard, **how):
    """The cookie that the token gives."""
    return ("cookie", ask(guard, query=f"token={TOKEN}", **how).cookie)


# This computer alone


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8765", "localhost", "LOCALHOST:1", "[::1]:8765", "[::1]", "127.0.0.2:80"]
)
def test_this_computers_names_are_answered(host):
    assert ask(guarded(HERE), host=host).body == "desk /"
    assert ask(guarded(HERE), "/form/x", host=host).body == "form /form/x"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8765",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example@127.0.0.1",
        "127.0.0.1@evil.example",
        "127.0.0.1:8765:80",
        "127.0.0.1, evil.example",
        "localhost/",
        "192.0.2.7:8765",
        "0.0.0.0:8765",
        "[::1",
        "::1",
        "[::]:8765",
        "",
        None,
    ],
)
def test_other_names_are_refused(host):
    for path in ("/", "/form/x", "/_stcore/health"):
        assert ask(guarded(HERE), path, host=host).status == 403
    assert socket(guarded(HERE), host=host) == 403


def test_two_hosts_are_refused():
    again = ("host", "127.0.0.1:8765")
    assert ask(guarded(HERE), "/", again, host="evil.example").status == 403
    assert ask(guarded(HERE), "/", ("host", "evil.example"), host="127.0.0.1").status == 403
    assert ask(guarded(LAB), "/form/x", again, host=LAB_HOST).status == 403


def test_a_token_in_the_address_means_nothing_where_none_is_asked():
    answer = ask(guarded(HERE), query="token=x", host="localhost")
    assert answer.body == "desk /"


# Beyond this computer


def test_no_server_beyond_this_computer_without_a_token():
    for host in ("0.0.0.0", "::", "192.0.2.7", "lab.example"):
        with pytest.raises(ValueError, match="token"):
            Access(host, 8765)
        with pytest.raises(ValueError, match="token"):
            Access(host, 8765, "")


def test_what_is_this_computer():
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "localhost.example", "", "1"]))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/overview",
        "/_stcore/health",
        "/media/film.mp4",
        "/static/js/index.js",
        "/component/x",
        "/form",
        "/formx",
        "/form%2f",
        "/Form/x",
        "/FORM/x",
        "//form/x",
        "//form/../_stcore/health",
        "/./form/x",
        "/\\form/x",
        " /form/x",
        "form/x",
        "",
        "*",
    ],
)
def test_everything_but_the_form_wants_the_token(path):
    guard = guarded(LAB)
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
        answer = ask(guard, path, method=method)
        assert answer.status == 401
        assert "desk" not in answer.body
    assert socket(guard, path) == 401
    assert ask(guard, path, let_in(guard)).body == f"desk {path}"


@pytest.mark.parametrize(
    "path",
    [
        "/form/",
        "/form/open/S/T",
        "/form/../_stcore/health",  # as %2e%2e arrives
        "/form/..",
        "/form//../media/x",
        "/form/\\..\\media",
    ],
)
def test_no_path_under_the_form_reaches_the_desk(path):
    guard = guarded(LAB)
    assert ask(guard, path).body == f"form {path}"
    assert ask(guard, path, let_in(guard)).body == f"form {path}"
    assert ask(guard, path, root="/form").body == f"form {path}"


def test_a_path_below_another_root_is_judged_whole():
    guard = guarded(LAB)
    assert ask(guard, "/lab/form/x", root="/lab").status == 401
    assert ask(guard, "/lab/media/x", root="/lab").status == 401


@pytest.mark.parametrize("claim", ["127.0.0.1", "::1", "localhost"])
def test_where_a_request_says_it_comes_from_does_not_count(claim):
    guard = guarded(LAB)
    headers = [(name, claim) for name in ("x-forwarded-for", "x-real-ip", "x-forwarded-host")]
    headers.append(("forwarded", f"for={claim};host={claim}"))
    assert ask(guard, "/", *headers).status == 401
    assert ask(guard, "/", *headers, host="127.0.0.1:8765").status == 401
    assert socket(guard, "/_stcore/stream", *headers, host="localhost:8765") == 401


def test_the_token_gives_a_cookie_and_leaves_the_address():
    answer = ask(guarded(LAB), "/overview", query=f"a=1&token={TOKEN}&b=%26%20")
    assert (answer.status, answer.header("location")) == (303, "/overview?a=1&b=%26+")
    cookie = answer.header("set-cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert TOKEN not in cookie


def test_with_tls_the_cookie_stays_with_tls():
    assert "Secure" in ask(guarded(LAB_TLS), query=f"token={TOKEN}").header("set-cookie")


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "/\\evil.example"])
def test_the_redirect_stays_here(path):
    place = ask(guarded(LAB), path, query=f"token={TOKEN}").header("location")
    assert place.startswith("/")
    assert not place.startswith(("//", "/\\"))


@pytest.mark.parametrize("query", ["token=", "token", "token=x", f"Token={TOKEN}", "token=%ff%00"])
def test_a_wrong_token_opens_nothing(query):
    assert ask(guarded(LAB), query=query).status == 401


def test_the_token_opens_by_get_alone():
    guard = guarded(LAB)
    query = f"token={TOKEN}"
    assert ask(guard, method="POST", query=query).status == 401
    assert socket(guard, query=query) == 401
    assert ask(guard, "/", ("authorization", f"Bearer {TOKEN}")).status == 401


def test_cookies():
    guard = guarded(LAB)
    _, cookie = let_in(guard)
    key = cookie.partition("=")[2]
    for good in (cookie, f"a=b; {cookie}", f"mexlab_desk=old; {cookie};c", f" {cookie} "):
        assert ask(guard, "/", ("cookie", good)).body == "desk /"
        assert socket(guard, "/_stcore/stream", ("cookie", good)) == 101
    for bad in ("", "mexlab_desk", "mexlab_desk=", f"mexlab_desk={TOKEN}", f"other={key}", key):
        assert ask(guard, "/", ("cookie", bad)).status == 401
        assert socket(guard, "/_stcore/stream", ("cookie", bad)) == 401
    assert ask(guard, "/", ("cookie", f"mexlab_desk={key[:-1]}")).status == 401
    assert ask(guard, "/", ("cookie", f"mexlab_desk={key}é")).status == 401


def test_a_key_of_the_form_opens_nothing_of_the_desk():
    guard = guarded(LAB)
    key = "P001-20261123T101500.a-key"
    for cookie in (f"mexlab_form={key}", f"mexlab_desk={key}", f"mexlab_form={key}; mexlab_desk="):
        assert ask(guard, "/", ("cookie", cookie)).status == 401
        assert ask(guard, "/media/x", ("cookie", cookie)).status == 401
        assert socket(guard, "/_stcore/stream", ("cookie", cookie)) == 401


def test_another_start_wants_the_token_again():
    assert ask(guarded(LAB), "/", let_in(guarded(LAB))).status == 401


def test_the_refusal_says_what_to_do_in_both_languages():
    body = ask(guarded(LAB)).body
    assert 'lang="es"' in body
    assert 'lang="en"' in body
    assert "address printed when the program" in body
    assert TOKEN not in body


# Other sites' pages


@pytest.mark.parametrize(
    "origin",
    ["null", "https://evil.example", "http://192.0.2.7", "http://192.0.2.7:8766", "", "file://"],
)
def test_another_sites_page_does_nothing_here(origin):
    guard = guarded(LAB)
    key, foreign = let_in(guard), ("origin", origin)
    for path in ("/upload", "/form/x"):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert ask(guard, path, key, foreign, method=method).status == 403
        assert socket(guard, path, key, foreign) == 403
    assert ask(guard, "/", key, foreign).status == 200


def test_our_own_pages_do():
    guard = guarded(LAB)
    key, own = let_in(guard), ("origin", f"http://{LAB_HOST}")
    assert ask(guard, "/upload", key, own, method="PUT").body == "desk /upload"
    assert ask(guard, "/form/x", own, method="POST").body == "form /form/x"
    assert socket(guard, "/_stcore/stream", key, own) == 101
    assert ask(guard, "/form/x", method="POST").body == "form /form/x"  # no browser
    twice = ("origin", "https://evil.example")
    assert ask(guard, "/form/x", own, twice, method="POST").status == 403


def test_with_tls_our_pages_are_https():
    guard = guarded(LAB_TLS)
    assert ask(guard, "/form/x", ("origin", f"https://{LAB_HOST}"), method="POST").status == 200
    assert ask(guard, "/form/x", ("origin", f"http://{LAB_HOST}"), method="POST").status == 403


# Answers


def test_a_refused_websocket_is_closed_before_the_handshake():
    close = messages(guarded(LAB), "/s", ("host", "h"), kind="websocket", explain=False)
    assert [m["type"] for m in close] == ["websocket.close"]


@pytest.mark.parametrize("path", ["/", "/form/x", "/media/x", "/static/index.html"])
@pytest.mark.parametrize("access", [HERE, LAB])
def test_what_every_answer_carries(path, access):
    public = (b"cache-control", b"public"), (b"content-security-policy", b"script-src 'self'")
    answer = ask(guarded(access, *public), path, host="127.0.0.1")
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") == "same-origin"
    assert answer.header("x-frame-options") == "DENY"
    assert answer.header("cross-origin-resource-policy") == "same-origin"
    policies = [value for key, value in answer.headers if key == "content-security-policy"]
    assert "frame-ancestors 'none'" in policies
    kept = [value for key, value in answer.headers if key == "cache-control"]
    assert kept == ["no-store"]


def test_only_streamlits_own_hashed_files_are_kept():
    cached = (b"cache-control", b"public, immutable, max-age=31536000")
    here = guarded(HERE, cached)
    assert "immutable" in ask(here, "/static/js/a.js", host="localhost").header("cache-control")
    assert ask(here, "/media/a.mp4", host="localhost").header("cache-control") == "no-store"
    refused = ask(guarded(LAB, cached), "/static/js/a.js")
    assert (refused.status, refused.header("cache-control")) == (401, "no-store")


def test_bodies_pass_piece_by_piece():
    first, *rest = messages(guarded(HERE), "/x", ("host", "localhost"))
    assert first["type"] == "http.response.start"
    assert [(m["body"], m.get("more_body", False)) for m in rest] == [
        (b"desk ", True),
        (b"/x", False),
    ]


def test_starting_and_stopping_go_to_the_desk():
    heard = []

    async def desk(scope, receive, send):
        heard.append(scope["type"])

    asyncio.run(Guard(saying("form "), desk, LAB)({"type": "lifespan"}, None, None))
    assert heard == ["lifespan"]
