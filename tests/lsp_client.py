"""A small client of the language server protocol, over the pipes of a process."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = 60


class Client:
    """Requests are answered in order; findings that come by themselves are kept."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.number = 0
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.findings: dict[str, list[dict[str, Any]]] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while True:
            length = 0
            while line := stream.readline().strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if not length:
                return
            self.messages.put(json.loads(stream.read(length)))

    def _send(self, content: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **content}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def notify(self, method: str, params: Any = None) -> None:
        self._send({"method": method, "params": params or {}})

    def ask(self, method: str, params: Any = None) -> Any:
        """The result of a request; an error is raised."""
        self.number += 1
        self._send({"id": self.number, "method": method, "params": params or {}})
        while True:
            message = self._next()
            if message.get("id") == self.number and "method" not in message:
                if "error" in message:
                    raise RuntimeError(message["error"]["message"])
                return message["result"]

    def _next(self) -> dict[str, Any]:
        message = self.messages.get(timeout=SECONDS)
        if message.get("method") == "textDocument/publishDiagnostics":
            self.findings[message["params"]["uri"]] = message["params"]["diagnostics"]
        return message

    def open(self, path: Path | str, text: str | None = None) -> list[dict[str, Any]]:
        """Open a file, or a document that is no file yet, by its URI; its findings."""
        uri = path if isinstance(path, str) else path.as_uri()
        if text is None:
            text = Path(path).read_text(encoding="utf-8")
        item = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        return self._told(uri, "textDocument/didOpen", {"textDocument": item})

    def change(self, path: Path, text: str, version: int) -> list[dict[str, Any]]:
        """Replace the text of an open file; its findings."""
        uri = path.as_uri()
        about = {"uri": uri, "version": version}
        return self._told(
            uri, "textDocument/didChange", {"textDocument": about, "contentChanges": [{"text": text}]}
        )

    def _told(self, uri: str, method: str, params: Any) -> list[dict[str, Any]]:
        self.findings.pop(uri, None)
        self.notify(method, params)
        while uri not in self.findings:
            self._next()
        return self.findings[uri]

    def at(self, method: str, path: Path | str, line: int, character: int, **more: Any) -> Any:
        """Ask about a place; lines and characters count from 0."""
        place = {"line": line, "character": character}
        uri = path if isinstance(path, str) else path.as_uri()
        about = {"textDocument": {"uri": uri}, "position": place, **more}
        return self.ask(f"textDocument/{method}", about)


@contextmanager
def client(folder: Path, capabilities: dict[str, Any] | None = None) -> Iterator[Client]:
    """A server that has been greeted, and is sent away in the end. capabilities: of the editor."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dilsctl", "lsp", "--stdio"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=folder, env={**os.environ, "DILSCTL_CACHE_DIR": str(folder / "cache")},
    )  # fmt: skip
    try:
        found = Client(process)
        greeting = {"processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": capabilities or {}}
        found.ask("initialize", greeting)
        found.notify("initialized")
        yield found
        found.ask("shutdown")
        found.notify("exit")
        process.wait(timeout=SECONDS)
    finally:
        process.kill()
        process.wait()
