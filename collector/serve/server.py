"""One server for the operator's pages and the participants' form, until Ctrl-C; and the form alone,
after a film. Reads the study through them; writes nothing itself: all state is on disk, so that the
server may be killed at any time and several may serve one study.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from collector.app.desk import Desk, use
from mexlab.consent import withdrawn_at
from mexlab.errors import MexlabError
from mexlab.session import Session
from mexlab.study import Study
from mexlab.web.guard import Guard
from mexlab.web.listening import Access, Certificate, addresses, listening
from mexlab.web.serving import Browse, Say, http_server, open_page, run

SCRIPT = Path(__file__).parents[1] / "app" / "main.py"  # the operator's pages
POLL_S = 0.5  # between two looks at whether the form is finished
LINGER_S = 3.0  # for the form's last page, after that

# Whatever a .streamlit/config.toml or the environment says: no usage reports, no files of the
# study served openly, no address that answers for another host, no program in place of a person.
OPTIONS: dict[str, object] = {
    "browser.gatherUsageStats": False,
    "client.showErrorLinks": "false",
    "client.toolbarMode": "minimal",
    "global.developmentMode": False,
    "server.baseUrlPath": "",
    "server.enableAgentApi": False,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.scriptHealthCheckEnabled": False,
    "server.trustedUserHeaders": {},
    "server.xsrfCookieSameSite": "strict",
    "theme.base": "light",
    "theme.primaryColor": "#1d5c96",
}


def front_desk(
    form: Sequence[BaseRoute], script: Path, access: Access, certificate: Certificate | None = None
) -> Guard:
    """The form's routes and the Streamlit pages of `script`, behind the guard."""
    from streamlit import config
    from streamlit.web.server.starlette import App

    own = {"server.address": access.host, "server.port": access.port}
    if certificate:  # says Streamlit to mark its cookies secure; it opens no socket itself
        own["server.sslCertFile"] = str(certificate.certificate)
    for name, value in {**OPTIONS, **own}.items():
        config.set_option(name, value)
    return Guard(Starlette(routes=list(form)), App(script), access)


def build_app(
    study: Study, access: Access, camera: str = "0", certificate: Certificate | None = None
) -> ASGIApp:
    """The whole server of a study; its pages are told where it is found."""
    from collector.form.routes import form_routes

    use(Desk(study.root, addresses(access), not access.loopback, camera))
    return front_desk(form_routes(study), SCRIPT, access, certificate)


def serve(
    study: Study,
    access: Access,
    say: Say,
    *,
    camera: str = "0",
    certificate: Certificate | None = None,
    browse: Browse | None = None,
) -> None:
    """Serve a study until Ctrl-C or SIGTERM; `browse` is given the address to open.

    `access.host` is a numeric address. Raises InputError where it or the port cannot be had.
    """
    taken = listening(access.host, access.port)
    access = replace(access, port=taken.getsockname()[1])
    run(build_app(study, access, camera, certificate), taken, access, say, certificate, browse)


def fill_in_here(
    study: Study,
    session: Session,
    say: Say,
    browse: Browse = open_page,
    linger_s: float = LINGER_S,
) -> None:
    """Offer the session's form to this computer's browser until it is finished or withdrawn.

    Ctrl-C leaves it as far as it is; every answer given is on disk.
    """
    from collector.form.filling import FIRST
    from collector.form.links import new_link, open_path
    from collector.form.routes import form_routes

    path = open_path(session, FIRST, new_link(study, session, FIRST))
    taken = listening("127.0.0.1", 0)
    access = Access("127.0.0.1", taken.getsockname()[1])
    server = http_server(Guard(Starlette(routes=form_routes(study)), Starlette(), access))
    thread = threading.Thread(target=server.run, args=([taken],), daemon=True)
    door = addresses(access)[0] + path
    thread.start()
    try:
        say(f"the self-report is at {door}")
        browse(door)
        while thread.is_alive() and not _is_over(study, session):
            time.sleep(POLL_S)
        time.sleep(linger_s)
    except KeyboardInterrupt:
        if _is_over(study, session):
            return
        say(f"the self-report is not finished; go on with it from: collector app {study.root}")
    finally:
        server.should_exit = True
        thread.join()


def _is_over(study: Study, session: Session) -> bool:
    """Whether the participant has finished the form or withdrawn."""
    try:
        report = session.report()
    except MexlabError:
        return False  # the page says what is wrong
    finished = report is not None and report.finished_at is not None
    return (
        finished or withdrawn_at(study.participant(session.header.participant).consents) is not None
    )
