"""Pages that are drawn anew when their file is saved."""

from __future__ import annotations

import http.client
import threading
from pathlib import Path

from dilsctl.render.watch import Files, Server, wait_for_change


def ask(server: Server, path: str, host: str | None = None) -> tuple[int, str]:
    port = server.http.server_address[1]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{port}"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_a_server_gives_the_newest_page() -> None:
    pages = iter(["one", "two", None])
    server = Server(lambda reload: next(pages))
    server.start()
    try:
        assert server.http.server_address[0] == "127.0.0.1"
        assert "mistakes" in ask(server, "/")[1]
        assert server.draw() and ask(server, "/") == (200, "one")
        told: list[tuple[int, str]] = []
        waiting = threading.Thread(target=lambda: told.append(ask(server, "/changed?seen=1")))
        waiting.start()
        assert server.draw()
        waiting.join(10)
        assert told == [(200, "")] and ask(server, "/") == (200, "two")
        assert not server.draw() and ask(server, "/") == (
            200,
            "two",
        )  # a file with mistakes: the last one stays
        assert ask(server, "/etc/passwd")[0] == 404
        assert ask(server, "/", host="evil.example")[0] == 403
    finally:
        server.stop()


def test_a_change_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("one")
    files = Files([path])
    assert not files.changed()
    threading.Timer(0.3, lambda: path.write_text("longer")).start()
    assert wait_for_change(files)
    stop = threading.Event()
    stop.set()
    assert not wait_for_change(files, stop)
