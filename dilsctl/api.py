"""What a notebook or a command calls: load a diagram, look at it, train it, use it.

>>> import dilsctl
>>> diagram = dilsctl.load("examples/or-gate.yaml")
>>> diagram.predict({"a": [0, 1], "b": [0, 0]})["y"].tolist()
[False, True]
>>> diagram = dilsctl.load("examples/iris.yaml")
>>> run = diagram.train(epochs=20)
>>> sorted(diagram.eval())
['test.accuracy', 'test.loss']

Nothing heavy is imported before it is needed: to validate a file takes no NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Problem, Report

if TYPE_CHECKING:
    from dilsctl.ablate import Ablation
    from dilsctl.checks import Result as CheckResult
    from dilsctl.loaded import LoadedDiagram
    from dilsctl.wire_history import History

Settings = Iterable[str] | Mapping[str, Any]


def _texts(settings: Settings) -> tuple[str, ...]:
    """Settings as ``a.b=VALUE`` texts."""
    if isinstance(settings, Mapping):
        from dilsctl.overrides import from_arguments

        return tuple(from_arguments(settings, prefix=""))
    return tuple(settings)


def validate(
    path: str | Path,
    *,
    text: str | None = None,
    settings: Settings = (),
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> Report:
    """Every mistake of a diagram file, and of the files that it imports, and what lints find odd.

    ``text`` is taken instead of the file's content, if given. ``select`` and ``ignore`` are codes of lints,
    or patterns such as ``unused-*``: the only ones that are wanted, and those that are not; what a project's
    settings say is not looked up. The report is empty where all is well, and its ``ok`` is true where there
    are warnings only.
    """
    from dilsctl.choice import Choice
    from dilsctl.validation import validate_file

    return validate_file(Path(path), text, _texts(settings), Choice(tuple(select), tuple(ignore)))


def validate_files(
    files: Iterable[str | Path],
    *,
    text: str | None = None,
    settings: Settings = (),
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    jobs: int | None = 1,
    cached: bool = False,
) -> Report:
    """The findings of many files, with the settings of the project that each is in (pyproject.toml).

    ``select`` takes the place of what the project selects, ``ignore`` comes on top. jobs: how many processes
    may work; None: as many as there are processors. cached: take what was found before for files that have
    not changed, and keep what is found. Raises Problem: bad-project.
    """
    from dilsctl.tree import validate_tree

    return validate_tree(
        [Path(one) for one in files],
        text,
        _texts(settings),
        tuple(select),
        tuple(ignore),
        jobs=jobs,
        cached=cached,
    )


def load(path: str | Path, *, settings: Settings = ()) -> LoadedDiagram:
    """Load, check and elaborate a diagram file; or open the run folder of a trained one.

    ``settings`` change values of the file first: ``["train.epochs=5"]`` or ``{"params.hidden": 32}``. Raises
    ``dilsctl.diagnostics.Problem``, which carries every finding, if the file has errors.
    """
    from dilsctl.loaded import load_diagram

    path = Path(path)
    return open_run(path) if path.is_dir() else load_diagram(path, _texts(settings), path.parent)


def diagram_of_run(path: str | Path) -> LoadedDiagram:
    """The diagram of a run folder as it was, with its initial states. Raises Problem: not-a-run, bad-run."""
    from dilsctl.loaded import load_diagram
    from dilsctl.runs import RunFolder

    run = RunFolder.open(Path(path))
    return load_diagram(run.diagram, run.facts["settings"], Path(run.facts["file"]).parent)


def open_run(path: str | Path, *, checkpoint: str = "best") -> LoadedDiagram:
    """The diagram of a run folder as it was, with the states that the run learned.

    checkpoint: ``best`` (the last, where no best was kept) or ``last``. Raises Problem: not-a-run, bad-run,
    no-checkpoint, bad-checkpoint.
    """
    from dilsctl.data.dataset import Fitted
    from dilsctl.resuming import restore_states
    from dilsctl.runs import RunFolder

    run = RunFolder.open(Path(path))
    loaded = diagram_of_run(path)
    found = (run.load("best") if checkpoint == "best" else None) or run.load("last")
    if found is None:
        help = f"go on with it: dilsctl train --resume {path}"
        message = f"the run '{path}' has not finished an epoch yet"
        raise Problem.of("no-checkpoint", message, help=help, file=str(path))
    learner = loaded.plans.learner()
    restore_states(learner, found)
    try:
        fitted = Fitted.from_json(run.facts["data"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = (
            f"the run folder '{path}' is damaged: what run.json knows of the data can't be read ({error})"
        )
        raise Problem.of("bad-run", message, file=str(path)) from None
    loaded.use(learner, fitted, found.position.epoch)
    return loaded


def test(path: str | Path) -> list[CheckResult]:
    """Run the checks of a diagram file. Raises Problem if the file is not valid."""
    from dilsctl.check_engine import engine_for
    from dilsctl.checks import run_checks
    from dilsctl.loaded import load_diagram

    loaded = load_diagram(Path(path), (), Path(path).parent)
    return run_checks(loaded.document, loaded.main, engine_for(loaded))


def ablate(
    path: str | Path, *, settings: Settings = (), seeds: int = 5, out: str | Path | None = None
) -> Ablation:
    """Train a diagram with its peer wires cut, with its pattern frozen, and as it is; see ``dilsctl.ablate``.

    out: a run folder to keep; it must not exist. Raises Problem: no-peers, no-train, and those of training.
    """
    from dilsctl.ablate import ablate as run

    folder = Path(out) if out is not None else None
    return run(Path(path), _texts(settings), seeds=seeds, out=folder, keep=out is not None)


def wires(path: str | Path, *, settings: Settings = ()) -> list[History]:
    """How strong the wires of a run folder were over its epochs; those of a diagram file, in a simulation.

    >>> (found,) = wires("examples/market.yaml")
    >>> found.weight.title, found.fates()
    ('market.weight', ['grew', 'died'])
    """
    from dilsctl.wire_history import history_of_file, history_of_run

    path = Path(path)
    return history_of_run(path) if path.is_dir() else history_of_file(path, _texts(settings))
