"""``dilsctl render``."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from dilsctl.cli import main

ROOT = Path(__file__).parents[2]
OR = str(ROOT / "examples" / "or-gate.yaml")
CPU = str(ROOT / "examples" / "cpu.yaml")
LOOP = str(ROOT / "examples" / "control-loop.yaml")


def call(*args: str) -> Result:
    return CliRunner().invoke(main, ["render", *args])


def test_in_the_terminal() -> None:
    """The picture of the README: boxes, ports, and a wire that forks."""
    result = call(OR, "--width", "60", "--depth", "1")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "╭ or-gate ──────────────────────────────────╮",
        "│     ╭ left: not ╮     ╭ join: nand ╮      │",
        "▶─a──▶│a         y│○───▶│a          y│────y─▶",
        "│     ╰─────────⋯─╯   ╭▶│b           │      │",
        "│     ╭ right: not ╮  │ ╰────────────╯      │",
        "▶─b──▶│a          y│○─╯                     │",
        "│     ╰──────────⋯─╯                        │",
        "╰───────────────────────────────────────────╯",
        " ⋯ closed, ○─ wire between peers",
    ]


@pytest.mark.parametrize("name", ["control-loop", "cpu", "digits-listed", "lotka-volterra", "market", "skip"])
def test_no_line_is_wider_than_asked(name: str) -> None:
    path = ROOT / "examples" / f"{name}.yaml"
    for wide in (40, 80):
        result = call(str(path), "--width", str(wide))
        assert result.exit_code == 0, result.output
        assert max(map(len, result.stdout.splitlines())) <= wide


def cells_of(text: str, *signs: str) -> int:
    """How often some signs stand in the picture itself, above the legend."""
    picture = "\n".join(line for line in text.splitlines() if line[0] in "╭│▶╰┏┃┗")
    return sum(picture.count(one) for one in signs)


def test_names_of_ports_are_kept_at_80_columns() -> None:
    """Of every example that is drawn at all: shortened rather than left out."""
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        text = call(str(path), "--width", "80").stdout
        assert "left out" not in text, path.name
    text = call(str(ROOT / "examples" / "pendigits.yaml"), "--width", "80").stdout
    assert all(f"▷┃{name}" in text for name in ("push", "pace", "pen", "ha…e")) and "cut names" not in text
    text = call(str(ROOT / "examples" / "pendigits.yaml"), "--width", "100").stdout
    assert all(f"▷┃{name}" in text for name in ("push", "pace", "pen", "haste"))


def test_kinds_of_wires_are_told_apart() -> None:
    """Without colour: learned ones are heavy, changing ones double, late ones dashed; peers have a ring."""
    learned = call(str(ROOT / "examples" / "pendigits.yaml"), "--width", "100").stdout
    assert cells_of(learned, "▶(einsum(…))╍╍┓") == 1 and "━ learned wire" in learned
    assert cells_of(learned, "[coupling]━━") == 1 and cells_of(learned, "row────") == 1
    changing = call(str(ROOT / "examples" / "market.yaml"), "market", "--width", "90").stdout
    assert cells_of(changing, "══") > 0 and "═ wire that can change" in changing
    late = call(LOOP, "loop", "--width", "120", "--depth", "1").stdout
    assert cells_of(late, "╌╌") > 0 and "╌▷ acts from the next tick on" in late
    assert cells_of(late, "┃○") > 0 and "○─ wire between peers" in late
    assert "○" not in call(OR, "left").stdout
    assert "acts from" not in call(LOOP, "loop", "--width", "120", "--no-legend").stdout


def test_a_picture_is_xml_with_text_and_titles(tmp_path: Path) -> None:
    out = tmp_path / "new" / "or.svg"
    result = call(OR, "-o", str(out))
    assert result.exit_code == 0 and result.stdout == ""
    root = ElementTree.fromstring(out.read_text())
    name = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{name}title").text == "or-gate"  # type: ignore[union-attr]
    assert "left (not)" in root.find(f"{name}desc").text  # type: ignore[union-attr, operator]
    assert {"left", "right", "join"} <= {one.text for one in root.iter(f"{name}text")}
    assert any("left.y -> join.a" in (one.text or "") for one in root.iter(f"{name}title"))
    assert not list(tmp_path.glob("**/.*"))


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dilsctl", "render", CPU, "-o"]
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.svg"
        subprocess.run([*command, str(out)], env={"PYTHONHASHSEED": seed}, check=True)
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()


def test_only_its_own_pictures_are_drawn_anew(tmp_path: Path) -> None:
    out = tmp_path / "x.svg"
    assert call(OR, "-o", str(out)).exit_code == 0
    first = out.read_text()
    assert call(LOOP, "-o", str(out)).exit_code == 0 and out.read_text() != first
    out.write_text(out.read_text().replace("plant", "mine"))
    changed = out.read_text()
    result = call(OR, "-o", str(out))
    assert result.exit_code == 2 and "nothing is overwritten" in result.stderr and out.read_text() == changed
    (tmp_path / "y.svg").write_text("<svg/>")
    assert call(OR, "-o", str(tmp_path / "y.svg")).exit_code == 2
    assert (tmp_path / "y.svg").read_text() == "<svg/>"


def test_an_ending_that_is_no_picture(tmp_path: Path) -> None:
    result = call(OR, "-o", str(tmp_path / "x.jpg"))
    assert result.exit_code == 2 and ".svg" in result.stderr and not list(tmp_path.iterdir())


def test_depth_focus_and_box() -> None:
    assert "pid" not in call(LOOP, "--depth", "1").stdout
    deep = call(LOOP, "--focus", "loop.controller", "--width", "200").stdout
    assert "pid" in deep and "heater" not in deep
    assert "compare" in call(LOOP, "loop.controller").stdout
    wrong = call(LOOP, "--focus", "loop.controler")
    assert wrong.exit_code == 1 and "did you mean 'controller'?" in wrong.stderr
    assert call(LOOP, "--focus", "loop", "--all").exit_code == 2


def test_the_view_by_layers_puts_equal_boxes_together() -> None:
    text = call(str(ROOT / "examples" / "digits-listed.yaml"), "--view", "layers", "--width", "100").stdout
    assert "×64" in text and "×10" in text and "h1 " not in text


def test_numpy_is_not_loaded() -> None:
    code = (
        "import sys; from dilsctl.cli import main\n"
        f"try: main(['render', {OR!r}])\n"
        "except SystemExit: pass\n"
        "assert not {'numpy', 'scipy', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_no_depth_at_all_is_refused_in_words() -> None:
    result = call(LOOP, "--depth", "0")
    assert result.exit_code == 2 and not result.stdout
    assert "the outermost box always is: --depth 1" in " ".join(result.stderr.split())


def test_all_that_does_not_fit_is_told_level_by_level() -> None:
    text = call(LOOP, "--all", "--width", "40").stdout
    assert "too wide for 40 columns" in text
    assert "\nloop:\n" in text and "\nloop.controller:\n" in text
    _, _, inner = text.partition("\nloop.controller:\n")
    assert "compare" in inner and " -> " in inner
    assert "\nloop:\n" not in call(LOOP, "--depth", "1", "--width", "20").stdout


def test_open_boxes_keep_their_mark_of_moving_state_in_a_terminal() -> None:
    text = call(LOOP, "--all", "--width", "300").stdout
    assert "┏ loop" in text and "╭ loop" not in text and "┠" in text
