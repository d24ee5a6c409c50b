"""formgrader's real server on this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def formgrader(course: Path) -> Iterator[str]:
    """Start a Jupyter server in the course folder, as `jupyter lab` there would; the address is yielded."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.port={port}", "--ServerApp.token=", "--ServerApp.password="]
    command += [f"--ServerApp.root_dir={course}", "--ServerApp.ip=127.0.0.1"]
    log = course.parent / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=course,
            stdout=output,
            stderr=output,
            env={**os.environ, "HOME": str(course.parent)},
        )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/api/status", timeout=5).close()
            break
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.3)
    try:
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)
    text = log.read_text()
    assert "Traceback" not in text, text[-4000:]
