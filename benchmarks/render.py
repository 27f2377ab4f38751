"""How long a picture takes, what its wires look like beside those of elkjs, and how heavy a page is.

python benchmarks/render.py            everything; what lacks node or a browser is left out
python benchmarks/render.py --check    crossings only; fails above 1.2 times those of elkjs
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import elk

import dilsctl
from dilsctl.diagnostics import Report
from dilsctl.diagram import Diagram
from dilsctl.documents import load_documents
from dilsctl.elaborate import elaborate
from dilsctl.render.draw import EVERY, Artist
from dilsctl.render.figures import Drawing
from dilsctl.render.layout import Level
from dilsctl.render.outline import Options
from dilsctl.render.paper import UNITS

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
MOST = 1.2  # times the crossings of elkjs


def nested(boxes: int, seed: int = 1, wide: int = 6) -> str:
    """A document of about so many boxes inside of boxes, wired at random, each definition used once."""
    from random import Random

    random = Random(seed)
    lines = ["dils: 1", f"name: nested-{boxes}", "define:"]
    names = iter(range(10 * boxes + 10))

    def definition(budget: int) -> tuple[str, int, int]:
        name, inputs, outputs = f"b{next(names)}", random.randint(1, 3), random.randint(1, 3)
        inner: list[tuple[str, int, int]] = []
        if budget > 1:
            many = min(wide, budget)
            rest = budget - many
            deep = max(1, many // 2) if rest else 0
            for number in range(many):
                share = rest // deep if number < deep else 0
                inner.append(definition(1 + share))
            random.shuffle(inner)
        body = [
            f"  {name}:",
            f"    in: {{{', '.join(f'x{at}: real' for at in range(inputs))}}}",
            f"    out: {{{', '.join(f'y{at}: real' for at in range(outputs))}}}",
        ]
        shown = [f"x{at}" for at in range(inputs)]
        if inner:
            body.append("    boxes: {" + ", ".join(f"c{at}: {one[0]}" for at, one in enumerate(inner)) + "}")
        else:
            body.append("    state: {s: real = 0}")
            body.append(f"    next: {{s: tanh({' + '.join(shown)} + s)}}")
        body.append("    wires:")
        every = [f"c{at}.y{port}" for at, one in enumerate(inner) for port in range(one[2])]
        for at, one in enumerate(inner):
            for port in range(one[1]):
                near = [f"c{k}.y{p}" for k in range(max(0, at - 2), at) for p in range(inner[k][2])]
                chance = random.random()
                source = random.choice(near if near and chance > 0.3 else every if chance < 0.15 else shown)
                body.append(f"      - {source} -> c{at}.x{port}")
        for at in range(outputs):
            body.append(f"      - {random.choice(every) if inner else 's'} -> y{at}")
        lines.extend(body)
        return name, inputs, outputs

    main = definition(boxes)[0]
    return "\n".join([*lines, f"main: {main}", ""])


def diagram_of(text: str) -> Diagram:
    """The diagram of a document."""
    library = load_documents("nested.yaml", text)
    report = Report()
    assert library.main is not None
    found = elaborate(library.main, report)
    report.raise_errors()
    assert found is not None
    return found


def times(sizes: tuple[int, ...] = (30, 300, 3000)) -> None:
    """Seconds of processor from a diagram to SVG: everything open, and all boxes in one level."""
    print("boxes   diagram   picture   of it: layout     SVG      flat")
    for size in sizes:
        start = time.process_time()
        diagram = diagram_of(nested(size))
        read = time.process_time()
        drawn = Artist(diagram, "x", Options(depth=EVERY, most=None))
        picture = drawn.picture()
        before = time.process_time()
        Drawing(UNITS).figure(picture.root)
        layout = time.process_time() - before
        begin = time.process_time()
        data = Artist(diagram, "x", Options(depth=EVERY, most=None)).file("svg")
        whole = time.process_time() - begin
        begin = time.process_time()
        Artist(diagram, "x", Options(view="flat", most=None)).file("svg")
        flat = time.process_time() - begin
        print(
            f"{size:5}  {read - start:7.2f} s {whole:7.2f} s  {layout:10.2f} s  {len(data) / 1e6:6.2f} MB"
            f" {flat:7.2f} s"
        )


def levels(few: bool = False) -> list[Level]:
    """Every level of the examples and of some nested documents, each once; ``few`` for a quick check."""
    found: dict[Level, None] = {}
    diagrams = []
    for path in sorted((ROOT / "examples").rglob("*.yaml")):
        loaded = dilsctl.load(path)
        if loaded.main is not None:
            diagrams.append(loaded.main)
    diagrams += [
        diagram_of(nested(300, seed, wide))
        for seed, wide in ((1, 6), (2, 10), (3, 16), (4, 24))[: 2 if few else 4]
    ]
    for diagram in diagrams:
        for backward in (False,) if few else (False, True):
            artist = Artist(diagram, "x", Options(depth=EVERY, backward=backward))
            drawing = Drawing(UNITS)
            drawing.figure(artist.picture().root)
            found.update(dict.fromkeys(one for one in drawing.levels if one.wires))
    return list(found)


def against_elk(few: bool = False) -> float:
    """Crossings and bends of both on the same levels; the ratio of crossings."""
    from dilsctl.render.layout import arrange

    graphs = levels(few)
    with tempfile.TemporaryDirectory() as folder:
        elk.install(Path(folder))
        theirs = elk.run(graphs, Path(folder))
    own = other = elk.Count(0, 0)
    seconds = 0.0
    worst: list[tuple[int, int, int]] = []
    for number, (level, placed) in enumerate(zip(graphs, theirs, strict=True)):
        start = time.perf_counter()
        mine = elk.count_placed(level, arrange(level, UNITS.spacing))
        seconds += time.perf_counter() - start
        its = elk.count(level, elk.lines_of(placed))
        own, other = own + mine, other + its
        worst.append((mine.crossings - its.crossings, number, len(level.items)))
    print(f"\n{len(graphs)} levels      crossings   bends   seconds")
    print(f"dilsctl          {own.crossings:9}  {own.bends:6}  {seconds:8.1f}")
    elapsed = sum(one["seconds"] for one in theirs)
    print(f"elkjs {elk.VERSION}     {other.crossings:9}  {other.bends:6}  {elapsed:8.1f}")
    ratio = own.crossings / other.crossings
    print(f"crossings: {ratio:.2f} times those of elkjs; bends: {own.bends / other.bends:.2f} times")
    print("levels with the largest difference:", sorted(worst, reverse=True)[:4])
    return ratio


def page(size: int = 2000) -> None:
    """How large a page is, and when a browser has painted it first."""
    diagram = diagram_of(nested(size))
    start = time.process_time()
    data = Artist(diagram, "x", Options(most=None)).file("html")
    taken = time.process_time() - start
    print(f"\npage of {size} boxes: {len(data) / 1e6:.2f} MB, written in {taken:.1f} s of processor")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        path = Path(folder) / "page.html"
        path.write_bytes(data)
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for _ in range(2):
            tab = browser.new_page(viewport={"width": 1200, "height": 800})
            tab.goto(path.as_uri())
            tab.wait_for_selector("html[data-ready=yes]")
            painted = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            ready = tab.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
            print(f"first paint after {painted:.0f} ms, complete after {ready:.0f} ms")
            tab.close()
        browser.close()


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        if not elk.available():
            print("no npm: elkjs is not asked")
            return
        ratio = against_elk(few=True)
        if ratio > MOST:
            sys.exit(f"more than {MOST} times the crossings of elkjs")
        return
    times()
    if elk.available():
        against_elk()
    page()


if __name__ == "__main__":
    main()
