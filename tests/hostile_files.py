"""Files that try to break what reads them, for every command that takes a file.

``python -m tests.hostile_files MIB`` runs all cases in one process with so much memory, and prints a line of
JSON for each: its name, exit code, what was said, and seconds of processor time.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import shutil
import signal
import struct
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
HANGS = 10  # seconds of wall time after which a command is taken to wait for ever

NET = """\
dils: 1
name: net
main:
  in: {x: real 2}
  out: {y: real 2}
  state: {w: real 2 2 = glorot}
  learn: [w]
  wires:
    - w @ x -> y
train:
  data:
    file: FILE
    inputs: {x: [a, b]}
    targets: {truth: c}
  loss: cross_entropy(y, truth)
  epochs: 1
"""
MOVING = """\
dils: 1
main:
  state: {s: real = 1}
  out: {s: real}
  rate: {s: -s}
time: {dt: DT, method: METHOD}
simulate: {until: UNTIL}
checks:
  - {simulate: {until: UNTIL}, expect: {s: {at_least: 0}}}
"""
LOOKING = ("validate", "inspect", "plan", "flatten", "unfold", "fmt", "test", "simulate", "train", "render")


def _npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode("latin1")
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(text)) + text + data


def _npz(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(f"{name}.npy", data)
    return stream.getvalue()


def _bomb(mib: int) -> bytes:
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=9, mtime=0) as packed:
        packed.write(b"a,b,c\n")
        for _ in range(mib):
            packed.write(b"1,1,1\n" * ((1 << 20) // 6))
    return stream.getvalue()


def _zip_bomb() -> bytes:
    """An array of 8 GiB that packs well; only its beginning is there."""
    head = _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1073741824,), }\n")
    return _npz(a=head + bytes(1 << 20), b=head, c=head)


def data_files() -> Iterator[tuple[str, bytes]]:
    """(file name, content) of data that must be refused."""
    yield "nothing.csv", b""
    yield "null.csv", b"a,b,c\n1,\0,1\n"
    yield "bytes.csv", b"a,b,c\n\xff\xfe,1,1\n"
    yield "line.csv", b"a,b,c\n" + b"1" * (8 << 20)
    yield "columns.csv", b",".join(b"c%d" % number for number in range(200_000)) + b"\n"
    yield "quote.csv", b'a,b,c\n"' + b"1,1,1\n" * 200_000
    yield "digits.csv", b"a,b,c\n" + b"9" * 100_000 + b",1,1\n"
    yield "infinite.csv", b"a,b,c\n1e999,nan,1\n"
    yield "ragged.csv", b"a,b,c\n1,2\n"
    yield "packed.csv.gz", b"no gzip at all"
    yield "cut.csv.gz", gzip.compress(b"a,b,c\n" + b"1,2,3\n" * 1000)[:-20]
    yield "bomb.csv.gz", _bomb(1100)
    yield "deep.jsonl", b"[" * 100_000
    yield "deeper.jsonl", b'{"a": ' * 50_000 + b"1" + b"}" * 50_000
    yield "number.jsonl", b'{"a": ' + b"9" * 100_000 + b', "b": 1, "c": 1}\n'
    yield "word.jsonl", b'{"a": "' + b"x" * (4 << 20) + b'", "b": 1, "c": 1}\n'
    yield "list.jsonl", b"[1, 2, 3]\n"
    yield (
        "pickle.npy",
        _npy("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }\n", b"cos\nsystem\n(S'x'\ntR."),
    )
    yield "shape.npy", _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000, 1000), }\n")
    yield "less.npy", _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-5, 3), }\n")
    yield "header.npy", _npy("(" * 9000)
    yield "long.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 0xFFFFFFF0) + b"{"
    yield "code.npy", _npy("__import__('os').system('true')\n")
    yield "cut.npy", b"\x93NUMPY"
    yield "pickle.npz", _npz(a=_npy("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }\n", b"cos\n"))
    yield "bomb.npz", _zip_bomb()
    yield "no.npz", b"PK\x03\x04 no archive"
    yield "kind.dat", b"1 2 3\n"


def _write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def odd_files(folder: Path) -> Iterator[tuple[str, str]]:
    """(name, path) of what is no diagram file."""
    os.mkfifo(folder / "pipe.yaml")
    os.symlink("loop.yaml", folder / "loop.yaml")
    os.symlink("/dev/zero", folder / "zero.yaml")
    (folder / "folder.yaml").mkdir()
    with open(folder / "sparse.yaml", "wb") as stream:
        stream.truncate(300 << 20)
    (folder / "latin.yaml").write_bytes(b"dils: 1\nname: caf\xe9\n")
    (folder / "wide.yaml").write_bytes("dils: 1\n".encode("utf-16"))
    (folder / "null.yaml").write_bytes(b"dils: 1\0\n")
    for name in ("pipe", "loop", "zero", "folder", "sparse", "latin", "wide", "null"):
        yield name, str(folder / f"{name}.yaml")
    head = "dils: 1\nmain: {out: {y: real}, wires: [1 -> y]}\n"
    for name, text in (
        ("large plain", head + "#" + "x" * (50 << 20)),
        ("large scalar", head + "doc: " + "x" * (50 << 20)),
        ("many lines", head + "\n" * 4_000_000),
        ("many remarks", head + "#\n" * 4_000_000),
        ("many boxes", "dils: 1\nmain:\n  boxes:\n" + "".join(f"    b{n}: a\n" for n in range(1_000_000))),
    ):
        yield name, _write(folder, f"{name}.yaml", text)


def large_texts() -> Iterator[tuple[str, str]]:
    """(name, text) of files that are as large as they may be, and have too much in them."""
    yield "values in brackets", "dils: 1\nmain: {wires: [" + "a," * (4_000_000) + "]}"
    yield (
        "values below each other",
        "dils: 1\nmain:\n  let:\n" + "".join(f"    k{n}: 1\n" for n in range(200_000)),
    )
    yield "definitions", "dils: 1\ndefine:\n" + "".join(f"  k{n}: {{}}\n" for n in range(100_000))
    yield "a list in lists", "dils: 1\nmain: [" + "[[[{}]]]," * 500_000 + "]"


def imports(folder: Path) -> Iterator[tuple[str, str]]:
    """(name, path) of diagrams that import what they may not, or what can't be read."""
    tree = folder / "tree"
    tree.mkdir()
    _write(folder, "outside.yaml", "dils: 1\ndefine: {a: {out: {y: real}, wires: [1 -> y]}}\n")
    os.symlink(folder / "outside.yaml", tree / "link.yaml")
    os.symlink(folder, tree / "up")
    os.symlink("/dev/zero", tree / "device.yaml")
    os.symlink("/proc/self/environ", tree / "environ.yaml")
    os.mkfifo(tree / "pipe.yaml")
    for name in ("link", "up/outside", "device", "environ", "pipe", "../outside", "/etc/passwd", "/dev/stdin",
                 "./../tree/../outside", "std/../../../outside", "~/x", "http://localhost/x", "..",
                 "."):  # fmt: skip
        text = f"dils: 1\nuse: {{o: '{name}'}}\nmain: o.a\n"
        yield name, _write(tree, f"import-{name.replace('/', '-').replace(':', '')}.yaml", text)


def run_folders(folder: Path) -> Iterator[tuple[str, str]]:
    """(name, path) of run folders that somebody changed."""
    from click.testing import CliRunner

    from dilsctl.cli import main

    _write(folder, "good.csv", "a,b,c\n" + "1,2,0\n2,1,1\n" * 20)
    net = _write(folder, "net.yaml", NET.replace("FILE", "good.csv"))
    good = folder / "good"
    done = CliRunner().invoke(main, ["train", net, "--quiet", "--out", str(good)])
    assert done.exit_code == 0, done.output

    def changed(name: str) -> Path:
        shutil.copytree(good, folder / name)
        return folder / name

    facts = json.loads((good / "run.json").read_text())
    for name, key, value in [
        ("main", "main", "../../outside.yaml"), ("main absolute", "main", "/etc/passwd"),
        ("main null", "main", "a\0b"),
        ("files", "files", ["../../../etc/passwd"]), ("files number", "files", [1]), ("format", "format", 99),
        ("settings", "settings", ["main=x" * 1000]), ("settings number", "settings", 5),
        ("data", "data", [1]),
        ("file", "file", "/dev/zero"), ("file number", "file", 3),
        ("deep", "data", eval("[" * 80 + "]" * 80)),
        ("empty data", "data", {}),
    ]:  # fmt: skip
        path = changed(f"run {name}")
        (path / "run.json").write_text(json.dumps({**facts, key: value}))
        yield name, str(path)
    for name, file, content in [
        ("json", "run.json", b"[" * 100_000), ("json list", "run.json", b"[]"),
        ("json bytes", "run.json", b"\xff"),
        ("json number", "run.json", b"9" * 10_000), ("config", "config.yaml", b"a: &a [x]\nb: [*a, *a]\n"),
        ("config bytes", "config.yaml", b"\xff\0"),
        ("metrics", "metrics.jsonl", b"[" * 100_000 + b"\n{\n\xff"),
        ("diagram", "diagram/net.yaml", b"a: [" * 5_000),
        ("length", "last.safetensors", struct.pack("<Q", 1 << 60) + b"{}"),
        ("header", "last.safetensors", struct.pack("<Q", 1 << 20) + b"[" * (1 << 20)),
        ("cut", "last.safetensors", b"\x08"),
        ("offsets", "last.safetensors", struct.pack("<Q", 70)
         + b'{"w":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4]}}    '),
    ]:  # fmt: skip
        path = changed(f"run {name}")
        (path / file).write_bytes(content)
        yield name, str(path)
    for name, file in [("pipe", "run.json"), ("pipe of metrics", "metrics.jsonl"),
    ("pipe of config", "config.yaml"),
                       ("pipe of states", "last.safetensors"),
                       ("pipe of the diagram", "diagram/net.yaml")]:  # fmt: skip
        path = changed(f"run {name}")
        (path / file).unlink()
        os.mkfifo(path / file)
        yield name, str(path)


def cases(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """(name, command line). None of them may succeed, except where the name begins with ``ok``."""
    from tests.hostile import texts

    files = folder / "files"
    files.mkdir()
    fine = _write(files, "fine.yaml", "dils: 1\nmain: {out: {y: real}, wires: [1 -> y]}\n")
    for name, path in odd_files(files):
        for command in LOOKING:
            yield f"{command} {name}", [command, path]
        yield f"diff {name}", ["diff", fine, path]
        yield f"compose {name}", ["compose", fine, f"a={path}"]
        yield f"compose outer {name}", ["compose", path, f"a={fine}"]
    for name, path in imports(folder):
        for command in ("validate", "train", "test", "flatten"):
            yield f"{command} import {name}", [command, path]
        yield f"diff import {name}", ["diff", path, fine]
    for name, text in large_texts():
        path = _write(files, f"{name}.yaml", text)
        for command in ("validate", "fmt", "render"):
            yield f"{command} {name}", [command, path]
    data = folder / "data"
    data.mkdir()
    (data.parent / "outside.csv").write_text("a,b,c\n1,2,0\n")
    os.symlink("../outside.csv", data / "link.csv")
    os.symlink("/dev/zero", data / "zero.csv")
    os.symlink("/dev/urandom", data / "random.npy")
    os.mkfifo(data / "pipe.csv")
    (data / "folder.csv").mkdir()
    for name, content in data_files():
        (data / name).write_bytes(content)
    names = [name for name, _ in data_files()]
    for name in [*names, "zero.csv", "random.npy", "pipe.csv", "folder.csv", "gone.csv", "/dev/zero",
                 "/dev/stdin", "a\\0b.csv", "x" * 5000 + ".csv"]:  # fmt: skip
        text = NET.replace("FILE", f'"{name}"')
        path = _write(data, f"net-{abs(hash(name))}.yaml", text)
        yield f"train data {name[:40]}", ["train", path, "--quiet", "--out", str(data / "run")]
    motion = folder / "motion"
    for name, dt, method, until in [
        ("small step", "1e-300", "rk4", "1"), ("small adaptive step", "1e-300", "dopri5", "1"),
        ("end", "1", "rk4", "1e300"),
        ("adaptive end", "1", "dopri5", "1e300"), ("no end", "1", "rk4", ".inf"),
        ("no number", ".nan", "rk4", "1"),
        ("many", "1e-9", "euler", "1000"), ("negative", "-1", "rk4", "1"),
        ("overflow", "1e308", "rk4", "1e308"),
    ]:  # fmt: skip
        text = MOVING.replace("DT", dt).replace("METHOD", method).replace("UNTIL", until)
        path = _write(motion, f"{name}.yaml", text)
        yield f"simulate {name}", ["simulate", path, "--no-plot"]
        yield f"test {name}", ["test", path]
    for name, value in [("deep", "main=" + "[" * 50_000), ("long", "name=" + "x" * 1_000_000),
    ("path", "a." * 9_000 + "b=1"),
                        ("nothing", "="), ("bomb", "doc={a: &a [x, x], b: [*a, *a]}"),
                        ("index", "checks.99999999999=1")]:  # fmt: skip
        for command in ("validate", "simulate", "train"):
            yield f"{command} set {name}", [command, fine, "--set", value]
    texts_folder = folder / "texts"
    texts_folder.mkdir()
    for number, (name, text) in enumerate(texts()):
        path = texts_folder / f"{number}.yaml"
        path.write_text(text, encoding="utf-8", newline="", errors="surrogatepass")
        yield f"any fmt {name}", ["fmt", "--check", str(path)]
        if EVERY or name in SOME:
            yield f"any diff {name}", ["diff", str(path), fine]
            for command in LOOKING[1:] if EVERY else ("plan", "flatten", "unfold", "simulate", "render"):
                yield f"any {command} {name}", [command, str(path)]
    runs = folder / "runs"
    runs.mkdir()
    for name, path in run_folders(runs):
        for command in ("inspect", "eval", "predict"):
            yield f"any {command} run {name}", [command, path]
        yield f"any resume run {name}", ["train", "--resume", path, "--quiet"]
        yield f"any diff run {name}", ["diff", str(runs / "good"), path]


SOME = {
    "a mark", "astral", "count 10000000", "counts in counts", "let chain",
    "deep calls in deep boxes", "carry",
    "laughs", "self alias", "flow lists", "large step", "many wires",
}  # fmt: skip
EVERY = bool(os.environ.get("DILSCTL_FUZZ"))  # all texts to all commands


class Waiting(BaseException):
    """A command waits for ever."""


def _stop(_: int, __: FrameType | None) -> None:
    raise Waiting


def main(mib: int) -> None:
    """Run all cases, one after the other."""
    os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "DILSCTL_DEBUG": "1"})
    import numpy  # noqa: F401
    import scipy.integrate  # noqa: F401
    from click.testing import CliRunner

    from dilsctl.cli import main as dilsctl

    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    os.chdir(folder)
    signal.signal(signal.SIGALRM, _stop)
    try:
        for name, words in cases(folder):
            resource.setrlimit(resource.RLIMIT_DATA, (mib << 20, resource.RLIM_INFINITY))
            start = time.process_time()
            signal.alarm(HANGS)
            try:
                done = CliRunner().invoke(dilsctl, words)
                code, said = done.exit_code, done.output
            except Waiting:
                code, said = -1, "it waits for ever"
            finally:
                signal.alarm(0)
                resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            seconds = time.process_time() - start
            print(
                json.dumps(
                    {"name": name, "code": code, "said": said[:3000], "length": len(said), "seconds": seconds}
                )
            )
            sys.stdout.flush()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
