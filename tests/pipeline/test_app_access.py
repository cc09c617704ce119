"""Who gets into the explorer: beyond this computer pages and pictures want the token; nothing of
the dataset's folder or the program is served as a file; mistakes end in one line."""

import inspect
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from mexlab.web.listening import Access
from mexlab.web.pages import POLICY
from pipeline.app.rendering import ASSETS, NAVIGATION, WORDS
from pipeline.app.server import build_app
from pipeline.app.shelf import open_shelf
from pipeline.cli import pipeline
from tests.annotate.test_review_access import TOKEN, answer, refusals_in
from tests.conftest import refused

CLIP = "/data/1/clip/P001-1"
PAGES = ("/", "/data/1", "/data/1?subject=P001", CLIP)
BYTES = ("/picture", "/frames/face/0", "/frames/source/0", "/rows", "/flow")


@pytest.fixture(scope="module")
def open_here(small_dataset):
    return build_app(open_shelf([small_dataset], None), Access("127.0.0.1", 8780))


def here(app, path, method="GET", **headers):
    return answer(app, path, method, host="localhost:8780", **headers)


def test_beyond_this_computer_nothing_answers_without_the_token(small_dataset):
    app = build_app(open_shelf([small_dataset], None), Access("0.0.0.0", 8780, TOKEN))
    paths = [*PAGES, *(CLIP + path for path in BYTES), *(f"/assets/{name}" for name in ASSETS)]
    for path in paths:
        for wrong in ("", "?token=wrong"):
            status, _, body = answer(app, path.partition("?")[0] + wrong)
            assert status == 401, path
            assert b"\xff\xd8" not in body  # no JPEG
            assert b"P001" not in body
    assert answer(app, "/language", "POST")[0] == 401
    status, headers, _ = answer(app, f"{CLIP}/frames/face/0?token={TOKEN}")
    assert status == 303
    cookie = headers["set-cookie"].partition(";")[0]
    status, headers, body = answer(app, f"{CLIP}/frames/face/0", cookie=cookie)
    assert status == 200
    assert b"\xff\xd8" in body
    assert headers["cache-control"] == "no-store"
    for path in PAGES[1:]:
        assert answer(app, path, cookie=cookie)[0] == 200


def test_on_this_computer_only_its_own_name_is_answered(open_here):
    assert here(open_here, "/data/1")[0] == 200
    assert answer(open_here, "/data/1", host="evil.example")[0] == 403
    elsewhere = {"origin": "http://evil.example"}
    assert here(open_here, "/language", "POST", **elsewhere)[0] == 403


def test_files_of_the_dataset_and_of_the_program_are_not_served(open_here):
    for path in (
        "/frames/P001.parquet", "/data/1/frames/P001.parquet", "/assets/../dataset.json",
        "/assets/words.py", "/assets/..%2fwords.py", "/data/1/clip/..%2f..%2fdataset.json",
        "/static/explorer.css", "/data/1/clip/P001-1/frames/whole/0",
    ):  # fmt: skip
        assert here(open_here, path)[0] == 404, path
    for name in ASSETS:
        status, headers, body = here(open_here, f"/assets/{name}")
        assert status == 200
        assert headers["content-type"].startswith(("text/css", "text/javascript"))
        assert body


def test_pages_may_load_nothing_from_elsewhere(open_here):
    assert here(open_here, "/data/1")[1]["content-security-policy"] == POLICY
    assert here(open_here, "/data/9")[1]["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    "path",
    [
        "/data/0", "/data/2", "/data/-1", "/data/x", "/data/1/clip/nobody",
        f"{CLIP}/frames/face/1", f"{CLIP}/frames/face/-1", f"{CLIP}/frames/face/99999999",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(open_here, path):
    status, _, body = here(open_here, path)
    assert status == 404
    assert b"Traceback" not in body
    assert b"<h1>" in body


def test_what_people_wrote_is_text_and_no_markup(open_here):
    wish = "%3Cscript%3Ealert(1)%3C/script%3E"
    for path in (f"/data/1?q={wish}", f"/data/1?label={wish}", f"/data/1/clip/{wish}"):
        assert b"<script>alert" not in here(open_here, path)[2]


def test_the_language_is_the_browsers_until_one_is_chosen(open_here):
    assert b'lang="en"' in here(open_here, "/data/1", **{"accept-language": "de,en;q=0.8"})[2][:99]
    assert b'lang="es"' in here(open_here, "/data/1", **{"accept-language": "de"})[2][:99]
    chosen = {"accept-language": "es", "cookie": "mexlab_language=en"}
    assert b'lang="en"' in here(open_here, "/data/1", **chosen)[2][:99]


def test_every_text_has_its_places_in_both_languages():
    for key, (spanish, english) in WORDS.items():
        fields = [set(re.findall(r"{(\w+)}", text)) for text in (spanish, english)]
        assert fields[0] == fields[1], key
        assert spanish, key
        assert english, key
        assert " " not in key or key == english  # what is wrong, as the command line says it
    assert {word for word, _ in NAVIGATION} <= set(WORDS)


def test_what_is_wrong_is_said_in_the_readers_language(open_here):
    path = f"{CLIP}/frames/face/7"
    for language, what in (("es", "no existe esa parte del vídeo"), ("en", "no such chunk")):
        asks = {"accept": "application/json", "accept-language": language}
        assert json.loads(here(open_here, path, **asks)[2])["error"] == what
    _, _, body = here(open_here, "/predict/send?run=9", "POST", **{"accept-language": "es"})
    assert "modelo" in json.loads(body)["error"]


def test_whatever_these_pages_refuse_they_refuse_in_both_languages():
    said = refusals_in(Path(inspect.getfile(build_app)).parent)
    assert {"no such clip in this dataset", "drop the video again"} <= said
    assert said - set(WORDS) == set()


def test_mistakes_end_in_one_line(small_dataset, tmp_path):
    assert "no such folder" in refused(pipeline, "app", tmp_path / "none", "--no-open")
    assert "neither a dataset nor a run" in refused(pipeline, "app", tmp_path, "--no-open")
    (tmp_path / "dataset.json").write_text("{")
    assert "damaged" in refused(pipeline, "app", tmp_path, "--no-open")
    study = ("--study", tmp_path / "none")
    assert "no such study" in refused(pipeline, "app", small_dataset, *study, "--no-open")
    assert "no such host" in refused(pipeline, "app", "--host", "no.such.host.invalid", "--no-open")
    help_text = CliRunner().invoke(pipeline, ["app", "--help"]).output
    assert "--study" in help_text
    assert "token" in help_text
