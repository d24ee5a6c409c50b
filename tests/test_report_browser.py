"""The pages as a browser shows them: nothing fetched, nothing cut off, nothing that axe-core calls serious.

It takes a Chromium, and for axe-core its script: SLOW=1 AXE_CORE=…/axe.min.js (npm install axe-core).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from autograder.course.source import chapters
from autograder.reports import class_html, feedback_html
from autograder.reports.statistics import Run
from tests import browser
from tests.made_up_class import class_of

pytestmark = pytest.mark.skipif(
    not os.environ.get("SLOW") or browser.executable() is None,
    reason="takes a Chromium and half a minute: SLOW=1",
)

LOOKS = {
    "light": (1200, 900, "light", "screen"),
    "dark": (1200, 900, "dark", "screen"),
    "phone": (390, 844, "light", "screen"),
    "print": (1122, 793, "dark", "print"),
}
RUN = Run("A", seconds=812.4, jobs=2, graded=5, seconds_each={"ada Abe/ch04_lstm": 4.2})


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages by name."""
    folder = tmp_path_factory.mktemp("pages")
    made = {f"class{count}": class_html.render(class_of(count), RUN) for count in (8, 40, 500)}
    weak = min(
        (r for r in class_of(40) if r.status == "graded" and r.chapter == "ch04_lstm"),
        key=lambda r: r.score,
    )
    unsafe = Run("D", unsafe=True)
    made["feedback"] = feedback_html.render(weak, unsafe, chapters()["ch04_lstm"])
    for name, data in made.items():
        (folder / f"{name}.html").write_bytes(data)
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture(scope="module")
def page():
    opened = browser.Page()
    yield opened
    opened.close()


def show(page: browser.Page, path: Path, look: str) -> None:
    width, height, scheme, media = LOOKS[look]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": look == "phone"}
    page.send("Emulation.setDeviceMetricsOverride", **metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.send("Emulation.setEmulatedMedia", media=media, features=features)
    page.open(path.as_uri(), "document.title")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ["class8", "class40", "class500", "feedback"])
def test_a_page_fits_its_screen_and_fetches_nothing(page, pages, name, look):
    page.requests.clear()
    show(page, pages[name], look)
    assert page.requests == [pages[name].as_uri()]
    assert page.dialogs == []
    assert page.run("document.documentElement.scrollWidth") <= LOOKS[look][0]
    # What is wider than the screen can be scrolled to; on paper nothing can.
    if look != "print":
        wide = (
            "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth)"
        )
        assert page.run(f"{wide}.every(e => e.tabIndex === 0)")
    paper = page.run("getComputedStyle(document.body).backgroundColor")
    assert (paper != "rgb(255, 255, 255)") == (look == "dark")


@pytest.mark.skipif(not os.environ.get("AXE_CORE"), reason="AXE_CORE names no axe.min.js")
@pytest.mark.parametrize("look", ["light", "dark", "phone"])
@pytest.mark.parametrize("name", ["class8", "class40", "class500", "feedback"])
def test_axe_finds_nothing_serious(page, pages, name, look):
    show(page, pages[name], look)
    page.run(Path(os.environ["AXE_CORE"]).read_text(encoding="utf-8") + "; 0")
    page.run("axe.run().then(found => { window.found = JSON.stringify(found) }); 0")
    page.wait("window.found", 120)
    found = json.loads(page.run("window.found"))
    assert found["passes"]
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == []


def test_paper_holds_the_whole_matrix(page, pages):
    """On A4, landscape, the last column still ends on the sheet."""
    show(page, pages["class40"], "print")
    ends = "Math.max(...[...document.querySelectorAll('.everyone td')].map(e => e.getBoundingClientRect().right))"
    assert page.run(ends) <= LOOKS["print"][0]
