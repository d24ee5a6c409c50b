"""A forward proxy for HTTP, and a network namespace from which it is the only way out.

    python -m tests.campaigns.proxy serve SOCKET                       forward what comes in at a Unix socket
    unshare --net python -m tests.campaigns.proxy within SOCKET -- COMMAND …

The second runs a command in a namespace without any other network: what connects to its proxy there is handed on to the
Unix socket, which namespaces of the network do not part.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Sequence
from pathlib import Path

_CHUNK = 1 << 16
_CONNECT_SECONDS = 60.0
_HEAD_LIMIT = 1 << 16
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _UP = 0x8913, 0x8914, 1
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


class _Forward(socketserver.BaseRequestHandler):
    """Answers `CONNECT host:port` with a tunnel, and forwards a request for a whole URL, one to a connection."""

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            more = self.request.recv(_CHUNK)
            if not more or len(head) > _HEAD_LIMIT:
                return
            head += more
        head, _, rest = head.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        method, target, version = first.decode("latin-1").split(" ", 2)
        try:
            if method == "CONNECT":
                host, _, port = target.rpartition(":")
                away = socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS)
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                parts = urllib.parse.urlsplit(target)
                address = (parts.hostname or "", parts.port or 80)
                away = socket.create_connection(address, _CONNECT_SECONDS)
                path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
                kept = [
                    line
                    for line in lines
                    if not line.lower().startswith((b"proxy-", b"connection:"))
                ]
                asked = f"{method} {path} {version}".encode("latin-1")
                rest = b"\r\n".join([asked, *kept, b"Connection: close", b"", rest])
        except (OSError, ValueError) as error:
            said = str(error).encode()
            self.request.sendall(
                b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)
            )
            return
        with away:
            away.settimeout(None)
            away.sendall(rest)
            join(self.request, away)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


def join(one: socket.socket, other: socket.socket) -> None:
    """Hand bytes both ways until both sides have ended."""
    thread = threading.Thread(target=_pump, args=(other, one), daemon=True)
    thread.start()
    _pump(one, other)
    thread.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other end has gone; so does this one
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def serve(way: Path) -> None:
    """Forward for ever; a line is printed when connections are taken."""
    with _Server(str(way), _Forward) as server:
        print("ready", flush=True)
        server.serve_forever()


def within(way: Path, command: Sequence[str]) -> int:
    """Run a command whose variables name the proxy; return its status."""
    _loopback_up()
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_relay, args=(listener, way), daemon=True).start()
    proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
    return subprocess.run(command, env={**os.environ, **dict.fromkeys(NAMES, proxy)}).returncode


def _relay(listener: socket.socket, way: Path) -> None:
    while True:
        near, _ = listener.accept()
        threading.Thread(target=_hand_on, args=(near, way), daemon=True).start()


def _hand_on(near: socket.socket, way: Path) -> None:
    with near, socket.socket(socket.AF_UNIX) as far:
        far.connect(str(way))
        join(near, far)


def _loopback_up() -> None:
    with socket.socket() as any_socket:
        asked = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _UP))


if __name__ == "__main__":
    action, place, *rest = sys.argv[1:]
    if action == "serve":
        serve(Path(place))
    else:
        sys.exit(within(Path(place), rest[1:] if rest[:1] == ["--"] else rest))
