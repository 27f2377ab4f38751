"""A page that is drawn anew whenever its file is saved, for a browser on this machine and no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

EVERY = 0.2  # seconds between looks at the files
PATIENCE = 20.0  # seconds that a browser's question is kept waiting
HOST = "127.0.0.1"

Stamp = tuple[int, int] | None


class Files:
    """Files that are looked at again and again."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.look_at(paths)

    def look_at(self, paths: Iterable[Path]) -> None:
        """Look at these from now on."""
        self.stamps = {path: stamp(path) for path in paths}

    def changed(self) -> bool:
        """Has one of them changed since the last look?"""
        now = {path: stamp(path) for path in self.stamps}
        changed, self.stamps = now != self.stamps, now
        return changed


def stamp(path: Path) -> Stamp:
    """When a file was written and how long it is; None for one that is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def wait_for_change(files: Files, stop: threading.Event | None = None) -> bool:
    """Wait until a file changes and stays as it is for a look; False if told to stop."""
    while not (stop is not None and stop.is_set()):
        time.sleep(EVERY)
        if files.changed():
            while files.changed():  # an editor may write in several steps
                time.sleep(EVERY)
            return True
    return False


class Server:
    """Serves the newest page at a port of this machine, and tells browsers when there is a newer one.

    make: the page, given where browsers are to ask for a newer one; None if the file has mistakes, which it
    tells by itself. port: 0 for any that is free.
    """

    def __init__(self, make: Callable[[str], str | None], port: int = 0) -> None:
        self.make = make
        self.version = 0
        self.text = ""
        self.news = threading.Condition()
        self.http = ThreadingHTTPServer((HOST, port), _handler(self))
        self.http.daemon_threads = True
        self.address = f"http://{HOST}:{self.http.server_address[1]}/"

    def draw(self) -> bool:
        """Draw anew. A page that can't be drawn leaves the last one."""
        text = self.make(f"changed?seen={self.version + 1}")
        if text is None:
            return False
        with self.news:
            self.version += 1
            self.text = text
            self.news.notify_all()
        return True

    def start(self) -> None:
        """Serve, in a thread of its own."""
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self.http.shutdown()
        self.http.server_close()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            port = server.http.server_address[1]
            if self.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}"):
                self._answer(HTTPStatus.FORBIDDEN)  # another site that has itself resolved to this machine
                return
            asked = urlsplit(self.path)
            if asked.path == "/":
                self._answer(HTTPStatus.OK, server.text or _WAITING)
            elif asked.path == "/changed":
                seen = parse_qs(asked.query).get("seen", ["0"])[0]
                known = int(seen) if seen.isdigit() and len(seen) < 10 else 0
                with server.news:
                    newer = server.news.wait_for(lambda: server.version > known, PATIENCE)
                self._answer(HTTPStatus.OK if newer else HTTPStatus.NO_CONTENT)
            else:
                self._answer(HTTPStatus.NOT_FOUND)

        def _answer(self, status: HTTPStatus, text: str = "") -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


_WAITING = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="1"><title>dilsctl</title>'
    "<p>The file has mistakes; see the terminal. The diagram will be here when they are mended."
)
