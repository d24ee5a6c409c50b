"""A headless Chromium, driven through its debugging protocol: as much of it as looking at a page takes."""

from __future__ import annotations

import base64
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 60.0


def executable() -> str | None:
    """Where a Chromium is, None where there is none."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Page:
    """One page of a browser of its own. `requests` are the addresses that it asked for, `dialogs` what it alerted."""

    def __init__(self, *, width: int = 1200, height: int = 900):
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        command = [executable() or NAMES[0], "--headless=new", "--no-sandbox", "--disable-gpu"]
        command += ["--remote-debugging-port=0", f"--user-data-dir={self._profile.name}"]
        command += ["--no-first-run", "--disable-background-networking", "--remote-allow-origins=*"]
        command += [f"--window-size={width},{height}", "about:blank"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        port = None
        for line in self._process.stderr:
            found = re.search(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line)
            if found:
                port = found[1]
                break
        assert port, "Chromium did not start"
        self._socket = websocket.create_connection(self._target(port), timeout=START_SECONDS)
        self._numbers = itertools.count(1)
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        for domain in ("Page", "Runtime", "Network"):
            self.send(f"{domain}.enable")

    @staticmethod
    def _target(port: str) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
                pages = [page for page in json.load(answer) if page["type"] == "page"]
            if pages:
                return pages[0]["webSocketDebuggerUrl"]
            time.sleep(0.1)
        raise AssertionError("Chromium has no page")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command and return its answer; what the page reports in between is noted."""
        return self._command({"method": method, "params": parameters})

    def _command(self, command: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, **command}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        elif message.get("method") == "Page.javascriptDialogOpening":
            self.dialogs.append(message["params"]["message"])
            accept = {"accept": True}
            command = {"method": "Page.handleJavaScriptDialog", "params": accept}
            self._socket.send(json.dumps({"id": next(self._numbers), **command}))

    def open(self, address: str, until: str, seconds: float = 60.0) -> None:
        """Go to an address and wait until an expression holds there."""
        self.send("Page.navigate", url=address)
        self.wait(
            f"location.href !== 'about:blank' && document.readyState === 'complete' && {until}",
            seconds,
        )

    def run(self, expression: str) -> Any:
        """Return the value of an expression."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def eventually(self, expression: str) -> Any:
        """Return what the promise of an expression comes to."""
        answer = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = 60.0) -> None:
        """Wait until an expression holds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.send("Runtime.evaluate", expression=f"Boolean({expression})")
            if answer["result"].get("value") is True:
                return
            time.sleep(0.1)
        text = self.run("document.body.innerText")
        raise AssertionError(f"{expression} did not come true; the page says:\n{text[:2000]}")

    def screenshot(self, path: Path) -> None:
        """Write what is to be seen as a PNG file."""
        picture = self.send("Page.captureScreenshot", format="png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(picture["data"]))

    def close(self) -> None:
        """End the browser."""
        self._socket.close()
        self._process.terminate()
        self._process.wait(timeout=20)
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._profile.cleanup()
