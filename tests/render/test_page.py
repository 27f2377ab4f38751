"""The page, driven in a headless browser. These need Playwright and a Chromium: ``pip install playwright``
and a Chromium on the path, or ``playwright install chromium``."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dilsctl
from dilsctl.render.outline import Options
from dilsctl.render.played import read_run
from dilsctl.training import Training

from .test_runs import PAIR

ROOT = Path(__file__).parents[2]
playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"no Chromium: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


class Page:
    """A page that must not complain, nor ask the network for anything."""

    def __init__(self, browser: Any, path: Path, **how: Any) -> None:
        self.tab = browser.new_page(**{"viewport": {"width": 1100, "height": 700}, **how})
        self.said: list[str] = []
        self.asked: list[str] = []
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(path.as_uri())
        self.tab.wait_for_selector("html[data-ready=yes]")

    def close(self) -> None:
        self.tab.close()
        assert self.said == []
        assert len(self.asked) == 1, self.asked


MARKET = """
dils: 1
name: market
define:
  worker: {params: {first: 0.5}, out: {p: simplex 2}, wires: ["normalise(stack(first, 1 - first)) -> p"]}
main:
  in: {outcome: class 2}
  out: {p: simplex 2, trust: simplex 2}
  boxes: {worker: {box: worker, count: 2, each: {first: [0.8, 0.4]}}}
  state: {trust: simplex 2 = uniform}
  wires: [trust @ worker.p -> p]
  next:
    trust: "normalise(trust * worker.p[:, outcome])"
"""


def written(tmp_path: Path, name: str, run: Any = None) -> Path:
    artist = dilsctl.load(ROOT / "examples" / name).artist(None, Options(), run)  # an absolute path is itself
    out = tmp_path / "page.html"
    out.write_bytes(artist.file("html"))
    return out


def visible(page: Page, path: str) -> bool:
    boxes = page.tab.locator(f'.box[data-p="{path}"]')
    return any(boxes.nth(at).is_visible() for at in range(boxes.count()))


def test_levels_open_and_close(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, written(tmp_path, "control-loop.yaml"))
    assert visible(page, "loop.plant.heater")
    page.tab.locator("#depth").fill("1")
    assert visible(page, "loop") and not visible(page, "loop.plant")
    page.tab.locator('.view:visible .box[data-p="loop"]').dblclick()
    assert visible(page, "loop.plant")
    assert not visible(page, "loop.plant.heater")
    page.tab.locator('.view:visible .box[data-p="loop"]').focus()
    page.tab.keyboard.press("Enter")
    assert not visible(page, "loop.plant")
    page.tab.keyboard.press("Enter")
    assert visible(page, "loop.plant")
    page.close()


def test_find(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, written(tmp_path, "cpu.yaml"))
    assert not visible(page, "cpu.alu.add")
    page.tab.keyboard.press("/")
    page.tab.keyboard.type("alu.add")
    assert "adder" in page.tab.locator("#found li").first.inner_text()
    page.tab.keyboard.press("Enter")
    assert visible(page, "cpu.alu.add")
    told = page.tab.locator("#panel").inner_text()
    assert "in a: bool 8" in told and "std/logic:" in told and "adder:" in told
    page.tab.keyboard.press("Escape")
    page.tab.locator("#close").click()
    assert not page.tab.locator("#panel").is_visible()
    page.close()


def test_a_net_lights_up_through_borders(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, written(tmp_path, "or-gate.yaml"))
    first = page.tab.locator('.view:visible .wire[data-a^="a -> left.a"] .hit')
    first.dispatch_event("pointerover", {"bubbles": True})
    lit = page.tab.locator(".view:visible .wire.on")
    about = [lit.nth(at).get_attribute("data-a").split("\n")[::2] for at in range(lit.count())]
    legs = [["a -> gate.a"], ["a -> gate.b"]]
    assert sorted(about) == [legs[0], [*legs[0], *legs[1]], legs[1], ["a -> left.a"]]
    first.dispatch_event("click", {"bubbles": True})
    told = page.tab.locator("#about").inner_text()
    assert "or-gate.yaml:" in told and told.endswith("a: bool\nleft.a: bool")
    assert "a -> left.a" in " ".join(page.tab.locator("#source b").inner_text().split())
    page.close()


def test_what_several_wires_share_tells_of_all(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, written(tmp_path, "or-gate.yaml"))
    trunk = page.tab.locator('.view:visible .wire[data-a*="gate.a"][data-a*="gate.b"] .hit').first
    trunk.dispatch_event("click", {"bubbles": True})
    assert page.tab.locator("#about").inner_text().endswith("a: bool\ngate.a: bool\ngate.b: bool")
    named = page.tab.locator("#source b")
    told = [" ".join(named.nth(at).inner_text().split()[2:]) for at in range(named.count())]
    assert told == ["a -> gate.a", "a -> gate.b"]
    page.close()


def test_zoom_pan_and_theme(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, written(tmp_path, "or-gate.yaml"))

    def place() -> list[float]:
        return list(
            page.tab.evaluate(
                "(() => { const m = document.getElementById('all').getCTM(); return [m.a, m.e]; })()"
            )
        )

    scale, left = place()
    page.tab.keyboard.press("+")
    assert place()[0] > scale
    page.tab.keyboard.press("0")
    page.tab.wait_for_timeout(400)
    assert place()[0] == pytest.approx(scale)
    page.tab.mouse.move(900, 600)
    page.tab.mouse.down()
    page.tab.mouse.move(960, 600, steps=4)
    page.tab.mouse.up()
    page.tab.wait_for_timeout(400)
    assert place()[1] == pytest.approx(left + 60, abs=2)
    page.tab.mouse.wheel(0, -300)
    page.tab.wait_for_timeout(400)
    assert place()[0] > scale
    page.tab.keyboard.press("t")
    assert page.tab.evaluate("document.documentElement.dataset.theme") == "dark"
    page.close()


def test_a_run_is_played(browser: Any, tmp_path: Path) -> None:
    run = read_run(a_run(tmp_path / "run"))
    market = tmp_path / "market.yaml"
    market.write_text(MARKET)
    page = Page(browser, written(tmp_path, str(market), run))
    slider = page.tab.locator("#time")
    assert page.tab.locator("#epoch").inner_text() == "4"
    assert "loss 0.1" in page.tab.locator("#curves text").first.text_content()
    wire = page.tab.locator('.wire[data-a^="trust @ worker.p -> p"] .line').first
    wide = [wire.evaluate("line => parseFloat(line.style.strokeWidth)")]
    slider.fill("0")
    slider.dispatch_event("input")
    assert page.tab.locator("#epoch").inner_text() == "1"
    slider.focus()
    page.tab.keyboard.press("t")
    assert page.tab.evaluate("document.documentElement.dataset.theme") == "dark"
    page.tab.keyboard.press("ArrowRight")
    assert page.tab.locator("#epoch").inner_text() == "2"
    slider.fill("0")
    wide.append(wire.evaluate("line => parseFloat(line.style.strokeWidth)"))
    assert wide[0] > wide[1]
    page.tab.locator('.wire[data-a^="trust @ worker.p -> p"] .hit').first.dispatch_event(
        "click", {"bubbles": True}
    )
    assert "mean strength 0.25" in page.tab.locator("#about").inner_text()
    page.tab.locator("#play").click()
    playwright.expect(page.tab.locator("#epoch")).to_have_text("4")
    page.close()


def test_signs_and_activity_over_the_epochs(browser: Any, tmp_path: Path) -> None:
    """A sign that turns: the colour, the mark and the words turn with it, and a bar grows."""
    (tmp_path / "table.csv").write_text("x,t\n" + "".join(f"{n},{n}\n" for n in range(16)))
    (tmp_path / "pair.yaml").write_text(PAIR)
    folder = tmp_path / "run"
    Training.begin(tmp_path / "pair.yaml", (), folder).train()
    for name, key in (("wires", "means"), ("wires", "signs"), ("activity", "activity")):
        lines = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        if key == "means":
            lines[0]["means"]["couple.k"] = -0.5
        elif key == "signs":
            lines[0]["signs"]["couple.k"] = "-"
        else:
            lines[0]["activity"]["couple.a"] = lines[-1]["activity"]["couple.a"] / 2
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    page = Page(browser, written(tmp_path, str(tmp_path / "pair.yaml"), read_run(folder)))
    page.tab.locator("#depth").fill("2")
    wire = page.tab.locator('.view:visible .wire[data-a^="k * b.y"]').last

    def looks() -> tuple[str, bool, float]:
        line, upright = wire.locator(".line").first, wire.locator(".sign path").nth(1)
        bar = page.tab.locator('.view:visible .box[data-p="couple.a"] > .level rect').nth(1)
        return (
            line.evaluate("line => line.style.stroke"),
            upright.evaluate("one => one.style.display") == "none",
            float(bar.get_attribute("width")),
        )

    end = looks()
    slider = page.tab.locator("#time")
    slider.fill("0")
    begin = looks()
    assert (begin[:2], end[:2]) == (("var(--negative)", True), ("var(--positive)", False))
    assert begin[2] == pytest.approx(end[2] / 2, rel=1e-3)
    wire.locator(".hit").dispatch_event("click", {"bubbles": True})
    assert "k, epoch 0: mean strength 0.5, mean -0.5\n-0.5" in page.tab.locator("#about").inner_text()
    page.tab.locator('.view:visible .box[data-p="couple.a"]').dispatch_event("click", {"bubbles": True})
    assert "activity, epoch 0: " in page.tab.locator("#about").inner_text()
    page.close()


def test_a_line_that_wires_of_two_signs_share_has_neither(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("x,t\n" + "".join(f"{n},{n}\n" for n in range(16)))
    text = PAIR.replace("-(back ** 2) * a.y", "-(back ** 2) * b.y").replace("b.y -> z", "a.y -> z")
    (tmp_path / "pair.yaml").write_text(text)
    folder = tmp_path / "run"
    Training.begin(tmp_path / "pair.yaml", (), folder).train()
    lines = [json.loads(line) for line in (folder / "wires.jsonl").read_text().splitlines()]
    for number, (first, other) in enumerate(((-0.5, -0.5), (-0.5, 0.25))):
        lines[number]["means"] |= {"couple.k": first, "couple.back": other}
    (folder / "wires.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    page = Page(browser, written(tmp_path, str(tmp_path / "pair.yaml"), read_run(folder)))
    page.tab.locator("#depth").fill("2")
    shared = page.tab.locator('.view:visible .wire[data-w*=" "][data-a^="b.y"] .line').first
    strokes = []
    for epoch in ("0", "1"):
        page.tab.locator("#time").fill(epoch)
        strokes.append(shared.evaluate("line => line.style.stroke"))
    assert strokes == ["var(--negative)", ""]
    page.close()


def test_the_legend(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, written(tmp_path, "control-loop.yaml"))
    legend, button = page.tab.locator("#legend"), page.tab.locator("#key")
    assert legend.is_visible() and button.get_attribute("aria-expanded") == "true"
    assert {"has moving state", "acts from the next tick on"} <= set(legend.inner_text().split("\n"))
    page.tab.keyboard.press("l")
    assert not legend.is_visible() and button.get_attribute("aria-expanded") == "false"
    button.click()
    assert legend.is_visible()
    page.close()
    phone = Page(browser, tmp_path / "page.html", has_touch=True, viewport={"width": 390, "height": 800})
    legend = phone.tab.locator("#legend")
    assert not legend.is_visible()
    phone.tab.locator("#key").tap()
    assert legend.is_visible() and legend.bounding_box()["width"] <= 390
    assert phone.tab.evaluate("document.documentElement.scrollWidth") <= 390
    phone.tab.locator('.view:visible .box[data-p="loop"]').tap(position={"x": 5, "y": 5})
    panel, inside = phone.tab.locator("#panel").bounding_box(), phone.tab.locator("main").bounding_box()
    assert panel["y"] >= inside["y"] and panel["y"] + panel["height"] <= inside["y"] + inside["height"]
    phone.close()
    plain = tmp_path / "plain.html"
    plain.write_bytes(dilsctl.load(ROOT / "examples" / "or-gate.yaml").artist().file("html", legend=False))
    page = Page(browser, plain)
    page.tab.keyboard.press("l")
    assert not page.tab.locator("#key").is_visible() and not page.tab.locator("#legend").is_visible()
    page.close()


def test_touch(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, written(tmp_path, "or-gate.yaml"), has_touch=True)
    page.tab.locator('.view:visible .box[data-p="join"]').tap()
    assert "join: nand" in page.tab.locator("#about").inner_text()
    page.close()


def a_run(folder: Path) -> Path:
    """A run folder of four epochs: trust grows."""
    folder.mkdir()
    weight = {
        "path": "", "name": "trust", "sources": ["worker.p"], "targets": ["p"], "shape": [2],
        "axes": ["<-worker"],
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps({"format": 1, "wires": [weight]}))
    loss = [0.4, 0.3, 0.2, 0.1]
    lines = [json.dumps({"epoch": at + 1, "step": at, "loss": one}) for at, one in enumerate(loss)]
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    rows = [
        json.dumps({"epoch": at + 1, "strengths": {"trust": [0.2 * (at + 1), 0.3 * (at + 1)]}})
        for at in range(4)
    ]
    (folder / "wires.jsonl").write_text("\n".join(rows) + "\n")
    values = struct.pack("<2d", 0.25, 0.75)
    header = json.dumps({"state:trust": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}).encode()
    (folder / "last.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + values)
    return folder
