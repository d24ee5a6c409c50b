"""Every attack on every page in a headless Chromium: `make sanitiser`.

A page is whole where the text after the attack is shown. An attack has run where the page called `beacon`, asked for
the beacon's address, changed its title or opened a dialog; a page is also searched for handlers and addresses that would
act on a click. At the end, the same attacks are shown without any care, to see that the browser would have noticed.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from autograder.course.release import commands_found, write_sources
from autograder.course.source import SOLUTIONS
from autograder.files import write_file
from autograder.platforms.gradebook.writer import write_gradebook
from autograder.results import to_json
from tests import browser
from tests import gradebook_course as made
from tests.campaigns.sanitiser.attacks import (
    BEACON,
    Attack,
    Sheet,
    attacks,
    end_of,
    every,
    exported,
    graded_path,
    hand_in,
    is_whole,
    report_pages,
    result,
    sheets,
    unsafe_page,
)
from tests.formgrader_server import formgrader
from tests.gradebook_course import CHAPTER, COURSE, OURS

# Of the attacks that a careless page shows, at least so many run in a Chromium without a click.
LEAST_CONTROL = 100
CONTROL_SECONDS = 0.6
_ELSEWHERE = ["*cdnjs*", "*jsdelivr*", "*unpkg*", "*googleapis*"]

# Moves and looks at what a student wrote, then says what on the page could act.
LOOK = """((root) => {
  const found = [];
  const own = ['toggle_name(true);', 'toggle_name(false);', 'toggleAllNames()', 'createStudentModal();',
    'createAssignmentModal();'];
  for (const element of root.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name) && !own.includes(value)) found.push(`${element.tagName} ${name}=${value}`);
      const address = value.replace(/[\\x00-\\x20]/g, '').toLowerCase();
      if (/^(href|src|action|formaction|data|xlink:href|poster|background|ping)$/i.test(name)
          && /^(javascript|vbscript|livescript|data:(?!image\\/(png|jpeg);base64,))/.test(address))
        found.push(`${element.tagName} ${name}=${value}`);
      if (name === 'srcdoc') found.push(`${element.tagName} ${name}`);
    }
    for (const kind of ['mouseover', 'mouseenter', 'focus', 'toggle', 'animationstart'])
      element.dispatchEvent(new Event(kind));
  }
  return found;
})(document.querySelector('#notebook-container') || document)"""


# The course's own drawings stand in a page as pictures, whose scripts no browser runs; only these very bytes may.
_DRAWN = {
    f"IMG src=data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode()}"
    for path in SOLUTIONS.glob("*/figures/*.svg")
}


def acting(page: browser.Page) -> list[str]:
    """Return what on the page could act."""
    return [each[:200] for each in page.run(LOOK) if each not in _DRAWN]


class Listening(browser.Page):
    """A page that notes calls of the beacon, which no policy of a page can keep from being heard."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        super().__init__()
        self.send("Runtime.addBinding", name=BEACON)
        self.send("Network.setBlockedURLs", urls=_ELSEWHERE)

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Runtime.bindingCalled":
            self.calls.append(message["params"]["payload"])
        super()._note(message)

    def signs(self) -> list[str]:
        """Return what was heard since the last time, and forget it."""
        found = [f"called {BEACON}({call})" for call in self.calls]
        found += [f"asked for {url}" for url in self.requests if f"/{BEACON}/" in url]
        found += [f"said {text!r}" for text in self.dialogs]
        self.calls.clear()
        self.requests.clear()
        self.dialogs.clear()
        return found


# The binding takes text; attacks call it with a number, as quotes would break some of them.
_WRAPPER = f"""{{
  const call = globalThis.{BEACON};
  Object.defineProperty(globalThis, '{BEACON}', {{ value: (number) => call(String(number)) }});
}}"""


class Silent(BaseHTTPRequestHandler):
    """Answers what a page asks for at the beacon's address."""

    def do_GET(self) -> None:
        """Answer with nothing; the browser has noted that it was asked for."""
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


def serve(folder: Path) -> ThreadingHTTPServer:
    """Serve a folder's files on this machine."""

    class Files(Silent):
        def do_GET(self) -> None:
            path = folder / self.path.lstrip("/")
            if not path.is_file():
                super().do_GET()
                return
            data = path.read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def make_course(
    course: Path, chosen: list[Sheet]
) -> Iterator[tuple[tuple[Attack, ...], str, bytes]]:
    """Hand the attacks in, grade them and write the gradebook; yield the pages that are files, and what they show."""
    course.mkdir(parents=True)
    (course.parent / "exchange").mkdir()
    (course / "nbgrader_config.py").write_text(made.config_text())
    results = []
    for sheet in chosen:
        hand_in(course / "submitted", sheet)
        its_result = result(course, sheet.student, sheet.attacks)
        where = course / "graded" / "results" / sheet.student / f"{CHAPTER}.json"
        write_file(where, to_json(its_result))
        results.append(its_result)
        for kind, page in report_pages(sheet.attacks, its_result):
            yield sheet.attacks, kind, page
    write_sources([OURS])
    with commands_found():
        summary = write_gradebook(course, course / "submitted", results, COURSE)
    assert summary.written == len(chosen), summary
    outcome = made.nbgrader_api(course).generate_feedback(CHAPTER)
    assert outcome["success"], outcome["log"][-2000:]
    for sheet in chosen:
        path = graded_path(course, sheet)
        assert is_whole(path), sheet.names
        for kind, page in exported(path):
            yield sheet.attacks, kind, page
        feedback = course / "feedback" / sheet.student / CHAPTER / f"{CHAPTER}.html"
        yield sheet.attacks, "nbgrader's feedback", feedback.read_bytes()


def look(page: Listening, address: str, shown: Sequence[Attack], *, shows_cells: bool) -> list[str]:
    """Open a page and return what is wrong with it."""
    page.open(address, "true")
    title = page.run("document.title")
    acts = acting(page)
    page.eventually("new Promise((done) => setTimeout(done, 30))")
    wrong = page.signs() + [f"holds {each}" for each in acts]
    if page.run("document.title") != title:
        wrong.append("changed its title")
    if shows_cells:
        text = page.run("document.body.innerText")
        hidden = [attack.name for attack in shown if end_of(attack) not in text]
        wrong += [f"does not show what comes after {name}" for name in hidden]
    return wrong


def submission_ids(course: Path) -> dict[str, str]:
    """Student to the number that formgrader has for the submission."""
    with sqlite3.connect(course / "gradebook.db") as database:
        return dict(
            database.execute(
                "select a.student_id, n.id from submitted_notebook n "
                "join submitted_assignment a on a.id = n.assignment_id"
            ).fetchall()
        )


LISTS = (
    "manage_assignments",
    "manage_students",
    f"manage_submissions/{CHAPTER}",
    "gradebook",
    f"gradebook/{CHAPTER}",
    f"gradebook/{CHAPTER}/{CHAPTER}",
)


def main() -> int:
    """Run the campaign; the exit status says whether all pages were quiet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="only each Nth attack in a text cell"
    )
    parser.add_argument(
        "names", nargs="*", help="only attacks whose names begin so; no control then"
    )
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sanitiser-"))
    (folder / "pages").mkdir()
    server = serve(folder / "pages")
    base = f"http://127.0.0.1:{server.server_port}"
    chosen = every(attacks(base), options.every)
    if options.names:
        chosen = [each for each in attacks(base) if each.name.startswith(tuple(options.names))]
    page = Listening()
    try:
        page.send("Page.addScriptToEvaluateOnNewDocument", source=_WRAPPER)
        together = Looked(page, folder / "pages", base)
        suspects = together.at(folder / "together" / "course", sheets(chosen))
        wrong = together.wrong
        if suspects:
            # What a sheet of several attacks did wrong is told of each alone; together it stays wrong all the same.
            alone = Looked(page, folder / "pages", base)
            alone.at(folder / "alone" / "course", [Sheet((attack,)) for attack in suspects])
            wrong += alone.wrong
        ran = 0
        for attack in chosen:
            if attack.where in ("markdown", "raw"):
                (folder / "pages" / "control.html").write_bytes(unsafe_page(attack))
                ran += bool(control(page, f"{base}/control.html"))
    finally:
        page.close()
        server.shutdown()
    least = 0 if options.names else LEAST_CONTROL // options.every
    if ran < least:
        wrong.append(
            f"only {ran} attacks ran on a careless page; the browser should notice {least}"
        )
    for kind, number in together.counted.items():
        print(f"{number:5}  {kind}")
    for each in wrong:
        print(f"WRONG  {each}")
    print(
        f"{len(chosen)} attacks, {sum(together.counted.values())} pages, {ran} ran without care, {len(wrong)} wrong"
    )
    shutil.rmtree(folder, ignore_errors=True)
    return 1 if wrong else 0


class Looked:
    """What was seen on the pages of a course."""

    def __init__(self, page: Listening, files: Path, base: str):
        self._page = page
        self._files = files
        self._base = base
        self.wrong: list[str] = []
        self.counted: Counter[str] = Counter()

    def at(self, course: Path, chosen: list[Sheet]) -> list[Attack]:
        """Make a course of these sheets, look at every page; return the attacks of pages with more than one and a fault."""
        suspects: list[Attack] = []

        def look_at(address: str, those: Sequence[Attack], kind: str, *, cells: bool) -> None:
            found = look(self._page, address, those, shows_cells=cells)
            self.counted[kind] += 1
            names = ", ".join(attack.name for attack in those)
            self.wrong += [f"{names}: {kind} {each}" for each in found]
            if found:
                print(f"{names}: {kind} {found}", flush=True)
                suspects.extend(those if len(those) > 1 else ())

        for those, kind, data in make_course(course, chosen):
            (self._files / "page.html").write_bytes(data)
            cells = kind.startswith(("exported", "nbgrader"))
            look_at(f"{self._base}/page.html", those, kind, cells=cells)
            # A report may show a part of it only when it is opened further.
            left_out = [each.name for each in those if end_of(each).encode() not in data]
            self.wrong += [f"{name}: {kind} does not hold it" for name in left_out]
        with formgrader(course) as address:
            ids = submission_ids(course)
            for sheet in chosen:
                place = f"{address}/formgrader/submissions/{ids[sheet.student]}/"
                look_at(place, sheet.attacks, "formgrader", cells=True)
            for each in LISTS:
                self._page.open(
                    f"{address}/formgrader/{each}", "document.querySelector('tbody tr td a')"
                )
                signs = self._page.signs() + acting(self._page)
                self.wrong += [f"formgrader/{each} {sign}" for sign in signs]
                self.counted["formgrader's lists"] += 1
        return list(dict.fromkeys(suspects))


def control(page: Listening, address: str) -> list[str]:
    """Show an attack without care and return the signs of it, none where it does nothing for a while.

    Such a page may leave or be replaced at any moment, so nothing is asked of it but what the browser answers itself.
    """
    page.send("Page.navigate", url=address)
    deadline = time.monotonic() + CONTROL_SECONDS
    signs = page.signs()
    while not signs and time.monotonic() < deadline:
        page.send("Page.getFrameTree")  # what the browser has noted comes before its answer
        signs = page.signs()
        time.sleep(0.02)
    page.send("Page.navigate", url="about:blank")
    page.signs()
    return signs


if __name__ == "__main__":
    if not browser.executable():
        print("Not run: no Chromium is installed.")
        sys.exit(0)
    sys.exit(main())
