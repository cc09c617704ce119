"""The form for everybody: accessible names, order, contrast, and both languages, in a browser.

axe-core comes from its package; what it calls serious or critical is a failure, and so is anything
wider than the screen.
"""

from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe

from collector.form import links
from collector.form.filling import FIRST
from tests.browser import browser_page
from tests.collector.filmed import has_seen, with_film
from tests.collector.form_study import served

# Of the elements that Tab reaches: place in the document, and upper edge.
TAB_STOPS = """
() => {
  const all = [...document.querySelectorAll('*')], here = document.activeElement;
  return [all.indexOf(here), Math.round(here.getBoundingClientRect().top + scrollY), here.tagName];
}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    study = with_film(tmp_path_factory.mktemp("access") / "study")
    with served(study) as port, browser_page() as page:
        yield study, f"http://127.0.0.1:{port}", page


def serious(page):
    """What axe finds, a line each."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] != "minor"]


def tab_order(page):
    """Stops in the order that Tab visits them, from the top until it leaves the page."""
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    stops = []
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(TAB_STOPS)
        if stop[2] in ("BODY", "HTML") or stop in stops:
            break
        stops.append(stop)
    return stops


@contextmanager
def looked_at(page, where):
    """Every page that is shown must be as wide as the screen, and without fault for axe."""
    yield
    page.wait_for_load_state("networkidle")
    assert serious(page) == [], where
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"], where


@pytest.mark.parametrize(("language", "width"), [("es", 390), ("en", 1280)])
def test_every_page_of_the_form(lab, language, width):
    study, address, page = lab
    session = has_seen(study, f"A{width}")
    page.set_viewport_size({"width": width, "height": 844})
    problems = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    with looked_at(page, "welcome"):
        page.goto(address + links.open_path(session, FIRST, links.new_link(study, session, FIRST)))
    page.locator(f"button[value={language}]").click()
    seen = set()
    while page.locator("#answers button[value=finish]").count() == 0:
        title = page.title().partition(" – ")[2]
        if title not in seen:
            with looked_at(page, page.url):
                pass
            stops = tab_order(page)
            assert stops == sorted(stops), page.url  # the order of the document is that on screen
            assert len(stops) >= 4
            assert [top for _, top, _ in stops] == sorted(top for _, top, _ in stops), page.url
        seen.add(title)
        before = page.url
        page.locator("button[value=skip]").click()
        page.wait_for_url(lambda url, before=before: url != before)
        if len(seen) == 6:
            break
    assert len(seen) == 6
    with looked_at(page, "reminder"):
        page.locator("button[value=continue]").click()
        page.wait_for_selector("[role=alert]")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    base = f"{address}{links.form_path(session, FIRST)}"
    with looked_at(page, "withdraw"):
        page.goto(f"{base}/withdraw")
    with looked_at(page, "withdrawn"):
        page.locator("button.alert").click()
    with looked_at(page, "closed"):
        page.goto(f"{base}x/1")
    assert [p for p in problems if "status of 4" not in p] == []
