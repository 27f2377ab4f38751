"""Draws every example: the pictures of gallery.md and of the README, and gallery.md itself.

python docs/gallery.py            draws them
python docs/gallery.py --check    tells which are not as they would be drawn now
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import dilsctl
from dilsctl.render.outline import Options

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "gallery"
HEAD = """\
# Gallery

Every example, drawn by `dilsctl render`. [What is drawn](render.md#what-is-drawn) says what boxes and lines
mean. Written by `docs/gallery.py`.
"""

# Of some examples, something else shows more than the main box as it is.
DRAWN: dict[str, Options] = {
    "cpu": Options(depth=2),
    "digits-listed": Options(view="layers"),
}


def examples() -> list[Path]:
    """All examples that have a main box."""
    found = sorted((ROOT / "examples").rglob("*.yaml"))
    return [path for path in found if "\nmain:" in path.read_text(encoding="utf-8")]


def pictures() -> Iterator[tuple[Path, bytes]]:
    """The files of the gallery, with what they hold."""
    text = [HEAD]
    for path in examples():
        name = path.relative_to(ROOT / "examples").with_suffix("").as_posix().replace("/", "-")
        loaded = dilsctl.load(path.relative_to(ROOT) if Path.cwd() == ROOT else path)
        options = DRAWN.get(path.stem, Options())
        yield FOLDER / f"{name}.svg", loaded.artist(None, options).file("svg")
        doc = " ".join((loaded.document.document.doc or "").split())
        folder = path.parent.relative_to(ROOT).as_posix()  # links of the document are seen from there
        doc = re.sub(r"\]\((?!http)", f"](../{folder}/", doc)
        link = f"../{path.relative_to(ROOT).as_posix()}"
        text.append(f"## [{name}]({link})\n\n{doc}\n\n![{name}](gallery/{name}.svg)\n")
    yield ROOT / "docs" / "gallery.md", "\n".join(text).encode()


def main() -> int:
    """Draw them, or tell what is stale."""
    if sys.argv[1:] == ["--check"]:
        stale = [path for path, data in pictures() if not path.exists() or path.read_bytes() != data]
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not as it would be drawn now: python docs/gallery.py")
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    written = {path for path, data in pictures() if path.write_bytes(data)}
    for path in set(FOLDER.glob("*.svg")) - written:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
