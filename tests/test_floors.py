"""The floors of the house: a module imports only from its own floor and those below it in this list."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "dilsctl"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("diagnostics", "codes", "garbage", "limits", "recursion", "signs"),
    ("values", "scalars", "scan", "yaml_findings", "source", "removal"),
    ("ir", "order", "operations", "expression"),
    ("syntax",),
    ("documents", "diagram", "dump", "formatting"),
    ("places", "elaborate"),
    (
        "lower", "hole_findings", "parts", "joining", "answering", "named", "elements", "loops",
        "loop_findings",
    ),
    (
        "sizes", "passes", "verify", "reach", "ranges", "objective", "train_names", "watched", "plan_costs",
        "plan_text", "plan_json", "episodes", "pooling", "feeding", "live_plan", "compile", "motion",
        "written_values", "written_states", "written_arrays", "written_back", "flat_laws", "flatten",
        "flat_document", "cycles", "pattern", "siblings", "kind", "kind_text", "rules",
    ),
    ("engine", "learning", "data", "runs", "run_texts", "checkpoints", "provenance"),
    (
        "trace", "batches", "course", "recording", "interrupts", "saved_states", "unfolding", "simulate",
        "separately", "sweeps", "train", "roles",
        "settings", "stability",
        "resuming", "training", "loaded", "plans", "checks", "check_engine", "check_trace", "checked_box",
        "compare", "answers", "inspect", "doctor", "starter", "overrides", "find", "report", "compose",
        "merging", "difference", "project",
        "suppress", "renames", "validation", "tree", "explain",
        "render", "influence", "cut", "held", "ablate", "choice", "records", "cache", "live",
        "prequential", "intake", "fixing", "weighing", "wires", "wire_history", "split_links", "testing",
        "activity", "words", "plots", "confusions",
    ),
    ("api",),
    ("language", "chronicle"),
    ("cli",),
    ("__init__", "__main__"),
)  # fmt: skip
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
NUMPY_FROM = FLOOR["engine"]
MODULES = sorted(PACKAGE.rglob("*.py"))


def _top(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> list[tuple[str, bool]]:
    """(module, whether it is imported when the file is) for each import outside of TYPE_CHECKING."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[tuple[str, bool]] = []

    def visit(node: ast.AST, at_once: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.extend((one.name, at_once) for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module == "dilsctl":
                found.extend((f"dilsctl.{one.name}", at_once) for one in node.names)
            else:
                found.append((node.module, at_once))
        inner = at_once and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            visit(child, inner)

    visit(tree, True)
    return found


def test_every_module_has_a_floor() -> None:
    assert {_name(path) for path in MODULES} <= set(FLOOR)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    own = FLOOR[_name(path)]
    for module, at_once in _imports(path):
        root = module.split(".")[0]
        if root == "dilsctl" and module != "dilsctl" and at_once:
            assert FLOOR.get(_top(module), own) <= own, f"{path.name} imports {module} from a floor above"
        if root in ("numpy", "scipy", "safetensors"):
            assert own >= NUMPY_FROM or not at_once, f"{path.name} imports {root} below the engine"
        if root == "click":
            assert _name(path) == "cli", f"{path.name} imports click"
        if root == "rich":
            assert _name(path) in ("cli", "report"), f"{path.name} imports rich"
        assert root != "matplotlib", f"{path.name} imports {root}: plots are drawn by dilsctl.plots"
        if root == "uniplot":
            assert _name(path) == "report" and not at_once, f"{path.name} imports {root}"
        if root == "pydantic":
            assert _name(path) == "syntax", f"{path.name} imports pydantic"
