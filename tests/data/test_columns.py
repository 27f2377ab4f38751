import numpy as np
import pytest

from dilsctl.data.columns import port_values, select
from dilsctl.data.labels import decode_labels
from dilsctl.data.tables import read_table, table_of
from dilsctl.diagnostics import Problem
from dilsctl.ir import Type

REAL = Type("real")


def problem(function, *arguments, **options):
    with pytest.raises(Problem) as caught:
        function(*arguments, **options)
    (found,) = caught.value.diagnostics
    return found


@pytest.fixture
def read(tmp_path):
    def make(text):
        (tmp_path / "a.csv").write_text(text)
        return read_table(tmp_path / "a.csv", "a.csv")

    return make


TABLE = table_of({name: [0, 1] for name in ["x0", "y0", "x1", "y1", "x2", "y2", "p08", "p09", "p10", "a..b"]})


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ("x0", ["x0"]),
        ("x0..x2", ["x0", "x1", "x2"]),
        ("x0..y1", ["x0", "y0", "x1", "y1"]),
        ("p08..p10", ["p08", "p09", "p10"]),
        (["x2", "x0..x1"], ["x2", "x0", "x1"]),
        ("a..b", ["a..b"]),
        ("x1..x1", ["x1"]),
    ],
)
def test_selections(selection, names):
    assert select(TABLE, selection) == names


def test_numbers_name_columns_without_names(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    table = read_table(tmp_path / "a.npy")
    assert select(table, 2) == ["2"]
    assert select(table, "0..1") == ["0", "1"]
    assert select(table, [0, 2]) == ["0", "2"]


@pytest.mark.parametrize(
    ("selection", "code", "says"),
    [
        ("x9", "unknown-column", "it has 'x0'"),
        ("x0..x4", "unknown-column", "no column 'x3'"),
        ("x0..z", "unknown-column", "no column 'z'"),
        ("x2..x0", "bad-range", "write 'x0..x2'"),
        ("y1..x0", "bad-range", "goes backwards"),
        ("..", "unknown-column", ""),
        ("x0..x999999999999", "unknown-column", "x999999999999"),
        ("x0..x999999999", "unknown-column", "no column 'x3'"),
    ],
)
def test_selections_that_fail(selection, code, says):
    found = problem(select, TABLE, selection)
    assert found.code == code
    assert says in found.message + found.help


def test_shapes():
    table = table_of({f"p{i}": [i, 10 + i] for i in range(4)})
    values, _ = port_values(table, "x", "p0..p3", Type("real", (2, 2)))
    assert values.tolist() == [[[0, 1], [2, 3]], [[10, 11], [12, 13]]]
    assert values.dtype == np.float32
    assert values.flags.c_contiguous
    assert port_values(table, "x", "p1", REAL, np.float64)[0].tolist() == [1, 11]
    assert port_values(table, "x", ["p1"], Type("real", (1,)))[0].shape == (2, 1)
    wide = table_of({"image": np.arange(12).reshape(2, 2, 3), "more": [7, 8]})
    assert port_values(wide, "x", "image", Type("real", (3, 2)))[0].shape == (2, 3, 2)
    both, _ = port_values(wide, "x", ["more", "image"], Type("int", (7,)))
    assert both.tolist() == [[7, 0, 1, 2, 3, 4, 5], [8, 6, 7, 8, 9, 10, 11]]
    assert both.dtype == np.int64


def test_the_number_of_columns_must_fit():
    table = table_of({f"p{i}": [i] for i in range(4)})
    found = problem(port_values, table, "x", "p0..p2", Type("real", (2, 2)))
    assert found.code == "column-count"
    assert found.message == "'x' is 'real 2 2', which takes 4 columns, but 'p0' to 'p2' gives 3"
    assert "takes one column" in problem(port_values, table, "x", "p0..p2", REAL).message


def test_kinds(read):
    table = read("flag,word,n\n0,true,3\n1,False,-4\n")
    for name in ("flag", "word"):
        values, _ = port_values(table, "b", name, Type("bool"))
        assert values.dtype == bool
        assert values.tolist() == ([False, True] if name == "flag" else [True, False])
    assert port_values(table, "n", "n", Type("int"))[0].tolist() == [3, -4]
    assert port_values(table_of({"x": [True, False]}), "x", "x", REAL)[0].tolist() == [1, 0]
    simplex, _ = port_values(table_of({"p": [[0.25, 0.75]]}), "p", "p", Type("simplex", (2,), 2))
    assert simplex.tolist() == [[0.25, 0.75]]


@pytest.mark.parametrize(
    ("text", "type", "code", "message"),
    [
        (
            "x\n1\n\n2\n?\n",
            REAL,
            "missing-value",
            "a value is missing: row 3 (line 5), column 'x' of 'a.csv'",
        ),
        ("x,y\n1,1\n2,\n", REAL, None, None),
        ("x\n1\nnan\n", REAL, "missing-value", "a value is missing: row 2 (line 3), column 'x' of 'a.csv'"),
        (
            "x\n1\ninf\n",
            REAL,
            "bad-number",
            "inf is not a finite number: row 2 (line 3), column 'x' of 'a.csv'",
        ),
        ("x\n1\nabc\n", REAL, "bad-number", "'abc' is not a number: row 2 (line 3), column 'x' of 'a.csv'"),
        (
            "x\n1\nNA\nabc\n",
            REAL,
            "missing-value",
            "a value is missing: row 2 (line 3), column 'x' of 'a.csv'",
        ),
        ("x\n1e300\n", REAL, "bad-number", "1e+300 is not within the range of float32: row 1"),
        ("x\n1\n2.5\n", Type("int"), "bad-number", "2.5 is not a whole number: row 2 (line 3)"),
        ("x\na\n", Type("int"), "bad-number", "'a' is not a whole number"),
        ("x\n1\n\n", Type("int"), None, None),
        ("x\n1\n2\n", Type("bool"), "bad-number", "2 is not true, false, 1 or 0: row 2 (line 3)"),
        ("x\ntrue\nyes\n", Type("bool"), "bad-number", "'yes' is not true, false, 1 or 0: row 2"),
        ('x\ntrue\n""\n', Type("bool"), "missing-value", "row 2 (line 3)"),
    ],
)
def test_values_that_fail(read, text, type, code, message):
    if code is None:
        port_values(read(text), "port", "x", type)
        return
    found = problem(port_values, read(text), "port", "x", type)
    assert found.code == code
    assert message in found.message
    assert found.file == "a.csv"


def test_a_fault_names_the_column_among_many(read):
    found = problem(port_values, read("p0,p1,p2\n1,2,3\n4,5,x\n"), "p", "p0..p2", Type("real", (3,)))
    assert "'x' is not a number: row 2 (line 3), column 'p2'" in found.message


def test_a_fault_in_a_column_that_is_not_asked_for_does_no_harm(read):
    values, _ = port_values(read("a,b\n1,?\n2,x\n"), "p", "a", REAL)
    assert values.tolist() == [1, 2]


def test_simplex_must_sum_to_one(read):
    found = problem(port_values, read("a,b\n1,0\n.5,.6\n"), "p", "a..b", Type("simplex", (2,), 2))
    assert found.code == "bad-simplex"
    assert "row 2 (line 3)" in found.message
    found = problem(port_values, read("a,b\n1.5,-.5\n"), "p", "a..b", Type("simplex", (2,), 2))
    assert found.code == "bad-simplex"


def klass(table, classes, labels=None, column="x"):
    values, mapped = port_values(table, "t", column, Type("class", (), classes), labels=labels)
    assert values.dtype == np.int64
    return values.tolist(), mapped


def test_whole_numbers_below_k_are_used_as_they_are(read):
    assert klass(read("x\n2\n0\n"), 3) == ([2, 0], None)
    assert klass(table_of({"x": [True, False]}), 2) == ([1, 0], None)
    assert klass(table_of({"x": np.array([1, 2], np.uint8)}), 3) == ([1, 2], None)


def test_other_labels_are_sorted(read):
    assert klass(read("x\n10\n9\n10\n"), 2) == ([1, 0, 1], (9, 10))
    assert klass(read("x\n1\n2\n3\n"), 3) == ([0, 1, 2], (1, 2, 3))
    assert klass(read("x\n-1\n1\n"), 5) == ([0, 1], (-1, 1))
    assert klass(read("x\nsetosa\n virginica\nversicolor\nsetosa\n"), 3) == (
        [0, 2, 1, 0],
        ("setosa", "versicolor", "virginica"),
    )
    assert klass(read("x\nb\n10\n9\n"), 3) == ([2, 0, 1], ("10", "9", "b"))


def test_labels_of_training_are_used_again(read):
    labels = ("cat", "dog")
    assert klass(read("x\ndog\ndog\n"), 2, labels) == ([1, 1], labels)
    assert klass(read("x\n7\n5\n"), 3, (5, 6, 7)) == ([2, 0], (5, 6, 7))
    assert klass(read("x\n1\n"), 3, ()) == ([1], None)
    assert klass(read("x\n10\n"), 2, ("10", "b")) == ([0], ("10", "b"))
    found = problem(klass, read("x\ndog\ndgo\n"), 2, labels)
    assert (found.code, found.help) == ("bad-label", "did you mean 'dog'?")
    assert found.message.startswith("'dgo' is not a label of the data that was trained on: row 2 (line 3)")
    assert problem(klass, read("x\n1\n3\n"), 3, ()).message.startswith("3 is not a class of 0 to 2: row 2")
    assert problem(klass, read("x\na\n"), 3, ()).message.startswith("'a' is not a class of 0 to 2")


def test_labels_that_fail(read):
    found = problem(klass, read("x\na\nb\nc\n"), 2)
    assert found.code == "bad-label"
    assert found.message == "3 labels, but 2 classes: column 'x' of 'a.csv'"
    assert found.help == "the labels are 'a', 'b', 'c'"
    assert problem(klass, read("x\n1\n1.5\n"), 9).message.startswith(
        "1.5 is not a class label: row 2 (line 3)"
    )
    assert problem(klass, read("x,y\n1,1\n,1\n"), 9).code == "missing-value"
    assert problem(klass, read("x,y\na,1\n ,1\n"), 9).code == "missing-value"


def test_labels_of_several_columns_are_one_mapping(read):
    values, mapped = port_values(read("a,b\nn,s\ns,w\n"), "t", "a..b", Type("class", (2,), 4))
    assert values.tolist() == [[0, 1], [1, 2]]
    assert mapped == ("n", "s", "w")


def test_labels_come_back():
    assert decode_labels([1, 0], ("a", "b")).tolist() == ["b", "a"]
    assert decode_labels([[1], [0]], (5, 7)).tolist() == [[7], [5]]
    assert decode_labels([2, 0], ("a", "b")).tolist() == ["2", "a"]
    assert decode_labels([2, 0], None).tolist() == [2, 0]


def test_truth_values_are_numbers_where_numbers_are_asked(read):
    table = read("x,y,z\nTrue,false,1\nFalse,true,False\n")
    for kind in ("real", "int"):
        values, _ = port_values(table, "p", ["x", "y", "z"], Type(kind, (3,)))
        assert values.tolist() == [[1, 0, 1], [0, 1, 0]]
    found = problem(port_values, read("x\ntrue\nmaybe\n"), "p", "x", REAL)
    assert found.message.startswith("'maybe' is not a number: row 2")
