import gzip
import json
import zipfile

import numpy as np
import pytest

from dilsctl.data import files
from dilsctl.data.tables import column, read_table, table_of
from dilsctl.diagnostics import Problem


def problem(function, *arguments):
    with pytest.raises(Problem) as caught:
        function(*arguments)
    (found,) = caught.value.diagnostics
    return found


@pytest.fixture
def write(tmp_path):
    def make(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def columns_of(table):
    return {name: column(table, name).tolist() for name in table.raw}


CSV = "x,y\n1,2.5\n-3e2,4\n"
WANTED = {"x": [1.0, -300.0], "y": [2.5, 4.0]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.CSV", CSV),
        ("a.csv", CSV.replace("\n", "\r\n")),
        ("a.csv", CSV.replace("\n", "\r")),
        ("a.csv", CSV.rstrip()),
        ("a.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("a.csv", CSV.replace("\n", "\n\n")),
        ("a.csv", "\n\n" + CSV),
        ("a.csv", 'x,"y"\n"1",2.5\n-3e2,"4"\n'),
        ("a.csv", CSV.replace(",", " , ")),
        ("a.csv", CSV.replace(",", ";")),
        ("a.csv", CSV.replace(",", "\t")),
        ("a.tsv", CSV.replace(",", "\t")),
        ("a.csv.gz", gzip.compress(CSV.encode())),
        ("a.jsonl", '{"x": 1, "y": 2.5}\n\n{"y": 4, "x": -300}\n'),
        ("a.jsonl.gz", gzip.compress(b'{"x": 1, "y": 2.5}\n{"y": 4, "x": -300}')),
    ],
)
def test_ways_to_write_one_table(write, name, content):
    table = read_table(write(name, content))
    assert table.rows == 2
    assert table.named
    assert columns_of(table) == WANTED
    assert all(column(table, one).dtype == np.float64 for one in "xy")


def test_lines_are_those_of_the_file(write):
    assert list(read_table(write("a.csv", CSV)).lines) == [2, 3]
    assert list(read_table(write("b.csv", '\nname\n"a\nb"\nc\n\nd\n')).lines) == [3, 5, 7]
    assert list(read_table(write("c.jsonl", '\n{"a": 1}\n\n{"a": 2}')).lines) == [2, 4]


def test_text_and_missing_values(write):
    table = read_table(write("a.csv", 'id,kind,size\n1,big,2\n2,"a ""b"", c",\n3,,?\n'))
    assert columns_of(table)["kind"] == ["big", 'a "b", c', ""]
    assert column(table, "id").dtype == np.float64
    np.testing.assert_array_equal(column(table, "size"), [2, np.nan, np.nan])


def test_a_file_without_a_header(write):
    table = read_table(write("a.csv", "1,2\n3,4\n"))
    assert not table.named
    assert columns_of(table) == {"0": [1, 3], "1": [2, 4]}
    assert list(table.lines) == [1, 2]
    found = problem(column, table, "x")
    assert "no line of column names" in found.help
    named = read_table(write("b.csv", "0,1\n3,4\n"))
    assert columns_of(named) == {"0": [3], "1": [4]}
    mixed = read_table(write("c.csv", "1,2\n3,a\n"))
    assert columns_of(mixed) == {"0": [1, 3], "1": ["2", "a"]}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "\n\n", "is empty"),
        ("a.csv", "x,y\n", "has no rows"),
        ("a.csv", "x,y\n1,2\n3\n", "line 3 of 'a' has 1 values, but there are 2 columns"),
        ("a.csv", "x,y\n1,2\n\n3,4,5\n", "line 4 of 'a' has 3 values"),
        ("a.csv", "x,x\n1,2\n", "two columns named 'x'"),
        ("a.csv", "x,,y\n1,2,3\n", "column 2 of 'a' has no name"),
        ("a.csv", 'x\n"1\n', "line 2 of 'a' cannot be read"),
        ("a.csv", b"x\n\xff\n", "not UTF-8 text (line 2)"),
        ("a.csv", "x\n" + "a" * 200_000, "cannot be read: field larger"),
        ("a.jsonl", '{"x": 1}\n{"x": 1', "line 2 of 'a' is not JSON"),
        ("a.jsonl", "[1]\n", "line 1 of 'a' is not a JSON object"),
        ("a.jsonl", "[" * 100_000, "is not JSON"),
        ("a.jsonl", "", "has no rows"),
        ("a.npz", b"PK", "not a whole npz file"),
        ("a.npy", b"\x93NUMPY", "not an array"),
        ("a.npy", b"nonsense", "not an array"),
        ("a.xlsx", b"", "the ending of 'a.xlsx' says nothing"),
        ("a.npy.gz", gzip.compress(b""), "says nothing"),
    ],
)
def test_faults_of_format(write, name, content, says):
    found = problem(read_table, write(name, content), "a")
    assert found.code == "data-format"
    assert says in found.message


def test_an_index_column_may_be_nameless(write):
    assert columns_of(read_table(write("a.csv", ",x\n0,5\n1,6\n"))) == {"": [0, 1], "x": [5, 6]}


def test_values_of_jsonl(write):
    rows = [
        {"text": "a", "flag": True, "list": [1, 2], "number": 1, "part": 1, "mixed": 1},
        {"text": "b", "flag": False, "list": [3, 4], "number": 2.5, "mixed": "a"},
    ]
    table = read_table(write("a.jsonl", "\n".join(map(json.dumps, rows))), "a")
    assert column(table, "text").tolist() == ["a", "b"]
    assert column(table, "flag").dtype == bool
    assert column(table, "list").tolist() == [[1, 2], [3, 4]]
    assert column(table, "number").tolist() == [1, 2.5]
    np.testing.assert_array_equal(column(table, "part"), [1, np.nan])
    assert "mixes values" in problem(column, table, "mixed").message


def test_lists_of_jsonl_that_do_not_fit(write):
    table = read_table(write("a.jsonl", '{"a": [1, 2], "b": [1]}\n{"a": [1]}'), "a")
    assert problem(column, table, "a").code == "data-format"
    found = problem(column, table, "b")
    assert found.code == "missing-value"
    assert found.message == "a value is missing: row 2 (line 2), column 'b' of 'a'"


def test_npz_and_npy(tmp_path):
    images = np.arange(24.0, dtype=np.float32).reshape(3, 2, 4)
    kinds = np.array(["a", "b", "a"])
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", images=images, kinds=kinds, octets=kinds.astype("S"), flags=kinds == "a")
        table = read_table(tmp_path / "a.npz")
        assert table.rows == 3
        np.testing.assert_array_equal(column(table, "images"), images)
        assert column(table, "kinds").tolist() == column(table, "octets").tolist() == ["a", "b", "a"]
        assert column(table, "flags").tolist() == [True, False, True]
    np.save(tmp_path / "a.npy", images)
    table = read_table(tmp_path / "a.npy")
    assert list(table.raw) == [str(number) for number in range(8)]
    assert column(table, "7").tolist() == [7, 15, 23]
    assert not table.named
    np.save(tmp_path / "b.npy", np.array([(1, 2.5), (3, 4.5)], [("n", "i4"), ("x", "f8")]))
    assert columns_of(read_table(tmp_path / "b.npy")) == {"n": [1, 3], "x": [2.5, 4.5]}
    np.save(tmp_path / "c.npy", np.arange(4))
    assert columns_of(read_table(tmp_path / "c.npy")) == {"0": [0, 1, 2, 3]}
    np.save(tmp_path / "d.npy", np.asfortranarray(images[:, :, 0]))
    assert column(read_table(tmp_path / "d.npy"), "1").tolist() == [4, 12, 20]


def test_pickles_are_never_loaded(tmp_path):
    thing = np.array([{"a": 1}, None], dtype=object)
    np.save(tmp_path / "a.npy", thing, allow_pickle=True)
    np.savez(tmp_path / "a.npz", thing=thing)
    for name in ("a.npy", "a.npz"):
        found = problem(read_table, tmp_path / name)
        assert found.code == "data-format"
        assert "Python objects" in found.message


def test_a_header_that_promises_too_much(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((10, 10)))
    old, new = b"(10, 10), }" + b" " * 9, b"(10, 10000000000), }"
    data = (tmp_path / "a.npy").read_bytes()
    assert data.count(old) == 1
    data = data.replace(old, new)
    (tmp_path / "a.npy").write_bytes(data)
    assert "less than its header promises" in problem(read_table, tmp_path / "a.npy").message


def test_npz_bombs(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 1 << 20)
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(1 << 18))
    assert problem(read_table, tmp_path / "a.npz").code == "data-too-large"
    np.savez(tmp_path / "b.npz", x=np.zeros(1 << 18))  # not compressed: as large as it says
    assert read_table(tmp_path / "b.npz").rows == 1 << 18


def test_damaged_npz(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(1000.0))
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[100:200] = bytes(100)
    (tmp_path / "a.npz").write_bytes(data)
    assert problem(read_table, tmp_path / "a.npz").code == "data-format"
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("x.txt", "hello")
    assert "holds no arrays" in problem(read_table, tmp_path / "b.npz").message


def test_arrays():
    table = table_of({"x": [[1, 2], [3, 4]], "y": np.array(["a", "b"])})
    assert table.rows == 2
    assert column(table, "x").tolist() == [[1, 2], [3, 4]]
    assert (
        "differ in their number of rows: 'x' 1, 'y' 2" in problem(table_of, {"x": [1], "y": [1, 2]}).message
    )
    assert "single value" in problem(table_of, {"x": 1}).message
    assert "different lengths" in problem(table_of, {"x": [[1], [1, 2]]}).message
    assert "has no rows" in problem(table_of, {"x": []}).message
    assert "type complex128" in problem(column, table_of({"x": [1j]}), "x").message
    assert column(table_of({"x": np.array(["a"], object)}), "x").tolist() == ["a"]


def test_unknown_columns_have_a_suggestion():
    table = table_of({"pixels": [1], "label": [2]})
    found = problem(column, table, "lable")
    assert (found.code, found.help) == ("unknown-column", "did you mean 'label'?")
    assert problem(column, table, "zzz").help == "it has 'pixels', 'label'"
