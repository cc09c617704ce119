"""A study with participants who have seen a film and wait for their form, and a browser's place:
a client that keeps cookies as a browser does, against a real server in a thread."""

import http.client
import re
import threading
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

from starlette.applications import Starlette

from collector.form.filling import FIRST
from collector.form.links import new_link, open_path
from collector.form.routes import form_routes
from mexlab.study import Study
from mexlab.web.guard import Guard
from mexlab.web.listening import Access, listening
from mexlab.web.serving import http_server
from tests.collector.desk_study import register, sat

TIMEOUT_S = 30.0


def waiting(root, *participants):
    """A study in which these have been recorded; their films are not on this computer."""
    study = Study.create(root)
    for participant in participants:
        register(study, participant)
        sat(study, participant)
    return study


@contextmanager
def served(study):
    """The port of a server of the study's forms, and nothing else, on this computer."""
    taken = listening("127.0.0.1", 0)
    port = taken.getsockname()[1]

    async def no_desk(scope, receive, send):
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b"the desk"})

    form = Starlette(routes=form_routes(study))
    server = http_server(Guard(form, no_desk, Access("127.0.0.1", port)))
    thread = threading.Thread(target=server.run, args=([taken],), daemon=True)
    thread.start()
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join()


class Client:
    """A device: cookies by path, redirects followed by hand."""

    def __init__(self, port):
        self.port, self.cookies, self.place = port, {}, ""

    def ask(self, method, path, fields=None, **headers):
        """Status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        sent = [pair for base, pair in self.cookies.items() if path.startswith(base)]
        if sent:
            headers["Cookie"] = "; ".join(sent)
        body = urlencode(fields) if fields is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        for line in answer.headers.get_all("set-cookie") or ():
            base = re.search("Path=([^;]+)", line)[1]
            self.cookies[base] = line.split(";")[0]
        return answer.status, answer.headers, content

    def get(self, path):
        """The page that comes of it, after redirects."""
        for _ in range(5):
            status, headers, content = self.ask("GET", path)
            if status != 303:
                self.place = path
                return status, content.decode()
            path = urlsplit(headers["location"]).path
        raise AssertionError("redirects without end")

    def post(self, path, **fields):
        """Status, and the page where it leads."""
        status, headers, content = self.ask("POST", path, fields)
        if status == 303:
            return 303, self.get(urlsplit(headers["location"]).path)[1]
        return status, content.decode()

    def open(self, study, session, form=FIRST, language="en"):
        """Open the form by a new link, as the participant does."""
        path = open_path(session, form, new_link(study, session, form))
        assert self.get(path)[0] == 200
        return self.post(path, language=language)
