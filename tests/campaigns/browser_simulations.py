"""Every simulation in a headless Chromium: `make browser`, or `python -m tests.campaigns.browser_simulations [name …]`.

Each page is opened with a keyboard-only guess, every slider is moved, every preset pressed; the time from a slider to
pixels is measured, the console has to stay empty and nothing may be fetched. axe-core looks for what shuts people out.
Pictures at desktop and phone width, light and dark, are left in `build/simulations/` to be looked at.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from seqlab.simulation import HEIGHTS, NAMES, Simulation, script, stylesheet, write_pages
from seqlab.simulation_widget import HOST, drive
from tests.browser import Page, executable
from tests.test_simulations import STEPS

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "build" / "simulations"
AXE_VERSION = "4.14.1"
SLIDER_MILLISECONDS = 50.0
# Notebook cells are about this wide.
NOTEBOOK_WIDTH = 900

TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

# From the event that a slider sends to the first frame that was painted after it.
TO_PIXELS = """(async () => {
  const times = [];
  const frame = () => new Promise(requestAnimationFrame);
  for (const input of document.querySelectorAll('.controls input[type=range]')) {
    const [low, high] = [Number(input.min), Number(input.max)];
    const before = input.value;
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      await frame();
      const drawn = document.querySelector('.figure').innerHTML + document.querySelector('.verdict').textContent
        + document.querySelector('.equations').textContent;
      const started = performance.now();
      input.value = String(low + share * (high - low));
      input.dispatchEvent(new Event('input', { bubbles: true }));
      document.querySelector('.figure').getBoundingClientRect();
      const computed = performance.now() - started;
      await frame();
      const now = document.querySelector('.figure').innerHTML + document.querySelector('.verdict').textContent
        + document.querySelector('.equations').textContent;
      times.push({ id: input.id, share, computed, painted: performance.now() - started, changed: now !== drawn });
    }
    input.value = before;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    input.dispatchEvent(new Event('change', { bubbles: true }));
  }
  return times;
})()"""

# Goes through the frame as a student does, then tries from within what its policy and its sandbox forbid.
FROM_INSIDE = """(async () => {
  const wait = (ready) => new Promise((done) => {
    const look = () => (ready() ? done() : requestAnimationFrame(look));
    look();
  });
  await wait(() => document.querySelector('.guess input') !== null);
  document.querySelector('.guess input').click();
  document.querySelector('.guess .show').click();
  const clock = document.querySelector('.clock input');
  await wait(() => clock.value === clock.max);
  const allowed = (attempt) => { try { attempt(); return true; } catch { return false; } };
  return {
    drawn: document.querySelectorAll('.figure svg *').length > 10 && !document.querySelector('.shut'),
    scrolls: document.documentElement.scrollHeight > window.innerHeight + 1,
    stored: allowed(() => window.localStorage.length),
    parent: allowed(() => window.parent.document.title),
  };
})()"""


class Watched(Page):
    """A page that also notes what its console says."""

    def __init__(self, **size: int):
        self.console: list[str] = []
        super().__init__(**size)
        self.send("Log.enable")

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.console.append(json.dumps(parameters["args"])[:500])
        elif method == "Runtime.exceptionThrown":
            self.console.append(json.dumps(parameters["exceptionDetails"])[:1500])
        elif method == "Log.entryAdded":
            self.console.append(parameters["entry"]["text"])
        super()._note(message)

    def attach(self, kind: str) -> str:
        """Return a session of the frame or worker of this kind; what it says is noted like that of the page."""
        self.wait("document.readyState === 'complete'")
        deadline = time.monotonic() + 30
        found: list[dict[str, Any]] = []
        while not found and time.monotonic() < deadline:
            targets = self.send("Target.getTargets")["targetInfos"]
            found = [target for target in targets if target["type"] == kind]
        assert found, f"the page has no {kind}"
        target = found[0]["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Network"):
            self.ask(session, f"{domain}.enable")
        return session

    def ask(self, session: str, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command to a session and return its answer."""
        return self._command({"method": method, "params": parameters, "sessionId": session})

    def inside(self, session: str, expression: str) -> Any:
        """Return the value of an expression in a session, or what its promise comes to."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self.ask(session, "Runtime.evaluate", **asked)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def key(self, key: str, code: int, text: str = "") -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
            if text and kind == "keyDown":
                pressed["text"] = text
            self.send("Input.dispatchKeyEvent", type=kind, **pressed)

    def look(self, width: int, *, dark: bool) -> None:
        """Set the width of the view and the colour scheme."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def whole(self, path: Path) -> None:
        """Write a picture of the whole page, as long as it is."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        picture = self.send(
            "Page.captureScreenshot",
            format="png",
            captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1},
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(picture["data"]))


def axe() -> str:
    """Return the source of axe-core, which npm fetches once into the build folder."""
    folder = ROOT / "build" / "axe"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder)]
        subprocess.run([*command, f"axe-core@{AXE_VERSION}"], check=True, stdout=subprocess.DEVNULL)
    return script.read_text(encoding="utf-8")


def guess_with_keys(page: Watched) -> None:
    """Choose the first answer and show the figure, with the keyboard alone."""
    page.run("document.querySelector('.guess input').focus()")
    page.key(" ", 32, " ")
    assert page.run("!document.querySelector('.guess .show').disabled"), (
        "the space bar chose nothing"
    )
    for _ in range(2):
        page.key("Tab", 9)
        if page.run("document.activeElement.className === 'show'"):
            break
    page.key("Enter", 13, "\r")
    page.wait("!document.querySelector('.sim').classList.contains('shut')", 5)


def problems_of_a_moved_slider(page: Watched) -> list[str]:
    """Return what an answer that was given for other settings leaves on the page; then guess for these."""
    guess = "document.querySelector('.guess').innerText"
    answered = page.run(guess)
    page.run(
        """(() => {
          const input = document.querySelector('.controls input[type=range]');
          input.value = String(Number(input.value) + (input.value === input.max ? -1 : 1) * Number(input.step));
          input.dispatchEvent(new Event('input', { bubbles: true }));
        })()"""
    )
    wrong = []
    cleared = page.run(guess)
    if any(line in cleared for line in answered.split("\n") if line and "Guess again" not in line):
        wrong.append(f"the answer stays when a slider moves: {cleared!r}")
    if page.run("document.querySelector('.sim').classList.contains('shut')"):
        wrong.append("the figure shuts when a slider moves")
    page.run("document.querySelector('.guess button').click()")
    if not page.run("document.querySelector('.sim').classList.contains('shut')"):
        wrong.append("a guess for new settings is asked beside the answer")
    guess_with_keys(page)
    to_the_end(page)
    return wrong


def problems_of_straight(page: Watched) -> list[str]:
    """Return what is wrong where no guess is made: the answer is shown, at once where motion is not wanted."""
    wrong = []
    for motion in ("reduce", "no-preference"):
        page.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-reduced-motion", "value": motion}],
        )
        page.run("document.querySelector('.presets button').click()")
        page.run("document.querySelector('.guess .straight').click()")
        at_the_end = page.run(
            "document.querySelector('.clock input').value === document.querySelector('.clock input').max"
        )
        if at_the_end != (motion == "reduce"):
            wrong.append(f"prefers-reduced-motion: {motion} is not followed")
        to_the_end(page)
        text = page.run("document.querySelector('.guess').innerText")
        if "It is: " not in text or "Your guess" in text:
            wrong.append(f"without a guess the page says {text!r}")
    return wrong


def to_the_end(page: Watched) -> None:
    """Wait until the clock has run to its end."""
    page.wait(
        "document.querySelector('.clock .play').textContent === 'Play' && "
        "document.querySelector('.clock input').value === document.querySelector('.clock input').max",
        30,
    )


def problems_of_access(page: Watched) -> list[str]:
    """Return what axe-core finds serious or critical."""
    found = page.eventually("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {rule['help']}: {[node['html'][:160] for node in rule['nodes'][:3]]}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
    ]


def overflow(page: Watched) -> bool:
    """Tell whether the page is wider than its view."""
    return page.run("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def clipped_words(page: Watched) -> list[str]:
    """Return words of a figure that stand outside of it."""
    return page.run(
        """[...document.querySelectorAll('.figure svg')].flatMap((svg) => {
          const edge = svg.getBoundingClientRect();
          return [...svg.querySelectorAll('text')].filter((text) => {
            const box = text.getBoundingClientRect();
            return box.left < edge.left - 1.5 || box.right > edge.right + 1.5
              || box.top < edge.top - 3 || box.bottom > edge.bottom + 3;
          }).map((text) => text.textContent);
        })"""
    )


def examine(name: str, folder: Path) -> tuple[list[str], float]:
    """Go through one simulation; return what is wrong with it, and the slowest slider in milliseconds."""
    wrong: list[str] = []
    page = Watched()
    address = (folder / f"{name}.html").resolve().as_uri()
    try:
        page.look(1100, dark=False)
        page.open(address, "document.querySelector('.sim') !== null")
        page.whole(OUTPUT / f"{name}-guess.png")
        guess_with_keys(page)
        to_the_end(page)
        page.whole(OUTPUT / f"{name}-desktop.png")
        # What a screen reader is told is the verdict that is seen.
        said = "document.querySelector('.spoken').textContent"
        page.wait(f"{said} === document.querySelector('.verdict').textContent", 5)

        # Three sweeps, and the quickest of each position: what else the machine does is not the slider's fault.
        times = [each for _ in range(3) for each in page.eventually(TO_PIXELS)]
        quickest: dict[tuple[str, float], float] = {}
        for each in times:
            place = (each["id"], each["share"])
            quickest[place] = min(each["painted"], quickest.get(place, math.inf))
        (worst, _), slowest = max(quickest.items(), key=lambda item: item[1])
        if slowest > SLIDER_MILLISECONDS:
            wrong.append(f"slider {worst}: {slowest:.0f} ms to pixels")
        for slider in sorted({each["id"] for each in times}):
            if not any(each["changed"] for each in times if each["id"] == slider):
                wrong.append(f"slider {slider} changes nothing")

        page.run("document.querySelector('.clock button[aria-label=\"One step back\"]').click()")
        moved = page.run(
            "document.querySelector('.clock input').value !== document.querySelector('.clock input').max"
        )
        if not moved:
            wrong.append("one step back does not move the clock")

        tallest = 0
        presets = page.run("document.querySelectorAll('.presets button').length")
        for number in range(presets):
            page.run(f"document.querySelectorAll('.presets button')[{number}].click()")
            if not page.run("document.querySelector('.sim').classList.contains('shut')"):
                wrong.append(f"preset {number} shows its figure before a guess")
            guess_with_keys(page)
            to_the_end(page)
            text = page.run("document.querySelector('.sim').innerText")
            for sign in ("NaN", "undefined", "Infinity", "null", "_{", "^{", "[object"):
                if sign in text:
                    wrong.append(f"preset {number} says {sign}")
            page.whole(OUTPUT / f"{name}-preset-{number}.png")
            page.look(NOTEBOOK_WIDTH, dark=False)
            page.eventually(TWO_FRAMES)
            tallest = max(tallest, page.run("document.querySelector('.sim').offsetHeight"))
            page.look(1100, dark=False)
            wrong += [f"preset {number}: {each}" for each in problems_of_a_moved_slider(page)]
        wrong += problems_of_straight(page)
        if not tallest <= HEIGHTS[name] <= tallest + 60:
            wrong.append(f"the frame is {HEIGHTS[name]} high, the simulation up to {tallest}")

        kept = page.run("location.hash")
        page.run("document.querySelectorAll('.presets button')[1].click()")
        if page.run("location.hash") == kept or len(kept) < 5:
            wrong.append("the address does not keep the settings")
        wanted = page.run("location.hash")
        page.send("Page.reload")
        page.wait("document.querySelector('.sim') !== null && document.readyState === 'complete'")
        if page.run("location.hash") != wanted or page.run(
            "document.querySelectorAll('.presets button')[1].getAttribute('aria-pressed') !== 'true'"
        ):
            wrong.append("the settings of the address are not taken up")
        page.run("[...document.querySelectorAll('.controls button')].at(-1).click()")
        if (
            page.run("document.querySelector('.presets button').getAttribute('aria-pressed')")
            != "true"
        ):
            wrong.append("reset does not bring back the values of the start")

        guess_with_keys(page)
        to_the_end(page)
        for width, dark in ((1100, False), (1100, True), (360, False), (360, True)):
            page.look(width, dark=dark)
            page.wait(f"document.querySelector('.figure svg').clientWidth <= {width}", 5)
            page.eventually(TWO_FRAMES)
            kind = ("phone" if width < 500 else "desktop") + ("-dark" if dark else "")
            page.whole(OUTPUT / f"{name}-{kind}.png")
            if overflow(page):
                wrong.append(f"{kind}: wider than the view")
            wrong += [
                f"{kind}: {text!r} stands outside of its figure" for text in clipped_words(page)
            ]
            page.run(axe() + ";0")
            wrong += [f"{kind}: {each}" for each in problems_of_access(page)]

        wrong += [f"console: {each}" for each in page.console]
        fetched = [each for each in page.requests if not each.startswith(("file:", "data:"))]
        wrong += [f"asked the network for {each}" for each in fetched]
    finally:
        page.close()
    return wrong, slowest


def examine_frame(name: str) -> list[str]:
    """Look at a simulation as a saved notebook has it: a frame without an origin of its own, asking for nothing."""
    wrong = []
    path = OUTPUT / f"{name}-frame.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8>{Simulation(name)._repr_html_()}", "utf-8")
    page = Watched()
    try:
        page.look(NOTEBOOK_WIDTH, dark=False)
        page.open(path.resolve().as_uri(), "document.querySelector('iframe') !== null")
        if not page.run("document.querySelector('iframe').contentDocument === null"):
            wrong.append("the frame shares the origin of the notebook")
        session = page.attach("iframe")
        seen = page.inside(session, FROM_INSIDE)
        if not seen.pop("drawn"):
            wrong.append("frame: nothing is drawn")
        if seen["scrolls"]:
            wrong.append("frame: its page is longer than the frame")
        for reached in ("stored", "parent"):
            if seen[reached]:
                wrong.append(f"frame: reaches what is {reached}")
        # A picture of the view: one of the whole page leaves out frames of another process.
        height = page.run("document.documentElement.scrollHeight")
        size = {"width": NOTEBOOK_WIDTH, "height": height, "deviceScaleFactor": 1}
        page.send("Emulation.setDeviceMetricsOverride", mobile=False, **size)
        page.eventually(TWO_FRAMES)
        page.screenshot(OUTPUT / f"{name}-frame.png")
        said = len(page.console)
        refused = page.inside(session, "fetch('data:,').then(() => false, () => true)")
        if not refused or len(page.console) == said:
            wrong.append("frame: its policy lets it fetch, or its console is not heard")
        del page.console[said:]
        wrong += [f"frame, console: {each}" for each in page.console]
        fetched = [
            each for each in page.requests if not each.startswith(("file:", "data:", "about:"))
        ]
        wrong += [f"frame asked the network for {each}" for each in fetched]
    finally:
        page.close()
    return wrong


def examine_widget(name: str) -> list[str]:
    """Run the widget's module on a stand-in for the notebook's model; the student's function runs in this process.

    The function is the one of the tests, which is right: its line has to be drawn over ours.
    """
    wrong = []
    path = OUTPUT / f"{name}-widget.html"
    module = json.dumps(script(name) + HOST).replace("</", "<\\/")
    path.write_text(
        f"""<!DOCTYPE html><meta charset="utf-8"><style>{stylesheet()}</style><div id="here"></div>
        <script type="module">
        const values = {{ request: {{}}, answer: {{}} }};
        const listeners = [];
        window.model = {{
          get: (key) => values[key],
          set: (key, value) => {{ values[key] = value; }},
          save_changes: () => {{ window.request = JSON.stringify(values.request); }},
          on: (_, listener) => listeners.push(listener),
          off: () => {{ listeners.length = 0; }},
        }};
        window.answer = (value) => {{ values.answer = value; listeners.forEach((each) => each()); }};
        const source = URL.createObjectURL(new Blob([{module}], {{ type: "text/javascript" }}));
        const host = (await import(source)).default;
        window.leave = host.render({{ model: window.model, el: document.querySelector("#here") }});
        </script>""",
        encoding="utf-8",
    )
    page = Watched()
    try:
        page.look(NOTEBOOK_WIDTH, dark=False)
        page.open(
            path.resolve().as_uri(), "window.leave !== undefined && window.request !== undefined"
        )
        guess_with_keys(page)
        to_the_end(page)
        request = json.loads(page.run("window.request"))
        answer = {"settings": request["settings"], **drive(name, STEPS[name], request["inputs"])}
        before = page.run("document.querySelector('.figure').innerHTML")
        page.run(f"window.answer({json.dumps(answer, allow_nan=False)})")
        if page.run("document.querySelector('.figure').innerHTML") == before:
            wrong.append("widget: the student's function is not drawn")
        if "our" not in page.run("document.querySelector('.verdict').textContent"):
            wrong.append("widget: the verdict does not say what the student's function gives")
        page.whole(OUTPUT / f"{name}-widget.png")
        problem = {
            "settings": request["settings"],
            "problem": "Your function raised KeyError: 'Whh'",
        }
        page.run(f"window.answer({json.dumps(problem)})")
        if "KeyError" not in page.run("document.querySelector('.verdict').textContent"):
            wrong.append("widget: an error of the student's function is not said")
        page.run("window.leave()")
        if page.run("document.querySelector('.sim') !== null"):
            wrong.append("widget: it stays when its cell goes")
        wrong += [f"widget, console: {each}" for each in page.console]
    finally:
        page.close()
    return wrong


def main() -> int:
    """Examine the simulations that are named, all of them where none is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    names = parser.parse_args().names or NAMES
    if executable() is None:
        print("There is no Chromium here.", file=sys.stderr)
        return 2
    write_pages(OUTPUT)
    bad = 0
    for name in names:
        started = time.perf_counter()
        wrong, slowest = examine(name, OUTPUT)
        wrong += examine_frame(name)
        wrong += examine_widget(name)
        bad += len(wrong)
        seconds = time.perf_counter() - started
        print(f"{name:18} slowest slider {slowest:3.0f} ms, {len(wrong)} problems, {seconds:.0f} s")
        for each in wrong:
            print(f"  {each}")
    print(f"Pictures are in {OUTPUT.relative_to(ROOT)}")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
