"""The pictures of the README: `make pictures` draws them anew from what is shown to students and instructors.

A simulation, a failed check of a function with a slip in it, the report on the made-up class. They are to be looked at.
"""

from __future__ import annotations

import base64
import io
import tempfile
from pathlib import Path

from PIL import Image

from autograder.course.source import ROOT, chapters, module_source
from autograder.reports import class_html
from autograder.reports.statistics import Run
from seqlab.registry import checks_of, run_check
from seqlab.report import Report
from seqlab.simulation import write_pages
from tests.browser import Page
from tests.made_up_class import class_of

FOLDER = ROOT / "docs" / "pictures"
WIDTH = 900
COLOURS = 128
SIMULATION, CHECKED, CHAPTER = "gradient_flow", "rnn_step_backward", "ch02_vanilla_rnn"
RIGHT, SLIP = "1.0 - h**2", "1.0 - h"


def failed_check() -> str:
    """Return the card of a gradient whose tanh has the wrong slope."""
    source = module_source(chapters()[CHAPTER])
    assert RIGHT in source
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(source.replace(RIGHT, SLIP), namespace)
    card = Report((run_check(checks_of(CHAPTER)[CHECKED], namespace),)).html()
    return f"<!doctype html><meta charset=utf-8><title>check</title><body style='font:15px sans-serif;margin:12px'>{card}"


def picture(page: Page, address: str, name: str, height: int, before: str = "") -> None:
    """Write what the top of a page shows."""
    page.send(
        "Emulation.setDeviceMetricsOverride",
        width=WIDTH,
        height=height,
        deviceScaleFactor=1,
        mobile=False,
    )
    page.send("Emulation.setEmulatedMedia", features=[STILL])
    page.send("Emulation.setScrollbarsHidden", hidden=True)
    page.open(address, "document.title")
    if before:
        page.run(before)
        page.wait(
            "document.querySelector('.clock input').value === document.querySelector('.clock input').max",
            20,
        )
    shot = page.send("Page.captureScreenshot", format="png")["data"]
    FOLDER.mkdir(parents=True, exist_ok=True)
    small = Image.open(io.BytesIO(base64.b64decode(shot))).convert("RGB").quantize(COLOURS)
    small.save(FOLDER / f"{name}.png", optimize=True)
    print(f"{FOLDER / name}.png: {(FOLDER / f'{name}.png').stat().st_size / 1024:.0f} KiB")


# Where motion is not wanted the last frame is drawn at once.
STILL = {"name": "prefers-reduced-motion", "value": "reduce"}
ANSWER = "document.querySelector('.guess .straight').click()"


def main() -> None:
    """Draw all pictures."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_pages(folder)
        (folder / "check.html").write_text(failed_check(), encoding="utf-8")
        run = Run("A", seconds=812.4, jobs=2, graded=320)
        (folder / "report.html").write_bytes(class_html.render(class_of(40), run))
        page = Page(width=WIDTH)
        try:
            picture(page, (folder / f"{SIMULATION}.html").as_uri(), "simulation", 720, ANSWER)
            picture(page, (folder / "check.html").as_uri(), "check", 350)
            picture(page, (folder / "report.html").as_uri(), "report", 620)
        finally:
            page.close()


if __name__ == "__main__":
    main()
