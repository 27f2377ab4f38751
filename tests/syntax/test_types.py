"""Type texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.syntax.types import Dim, TypeTextError, dim_names, parse_type, show_dim


@pytest.mark.parametrize(
    ("text", "kind", "classes", "dims"),
    [
        ("real", "real", None, ()),
        ("real 64", "real", None, (64,)),
        ("real units n", "real", None, ("units", "n")),
        ("class 10", "class", 10, ()),
        ("class k n", "class", "k", ("n",)),
        ("simplex k+1 5", "simplex", ("+", "k", 1), (5,)),
        ("real 2*units n", "real", None, (("*", 2, "units"), "n")),
        ("real height-size+1", "real", None, (("+", ("-", "height", "size"), 1),)),
        ("real (n+1)//2 3", "real", None, (("//", ("+", "n", 1), 2), 3)),
        ("real n - 1", "real", None, (("-", "n", 1),)),
        ("  bool  n ", "bool", None, ("n",)),
    ],
)
def test_types(text: str, kind: str, classes: Dim | None, dims: tuple[Dim, ...]) -> None:
    read = parse_type(text)
    assert (read.kind, read.classes, read.dims) == (kind, classes, dims)
    assert read.init is None
    assert parse_type(str(read)) == read
    for dim, (start, end) in zip(read.dims, read.dim_spans, strict=True):
        assert parse_type(f"real {text[start:end]}").dims == (dim,)


def test_initial_values() -> None:
    text = "real units n = normal(0, 0.1)"
    read = parse_type(text)
    assert read.init == "normal(0, 0.1)"
    assert text[read.init_start :] == read.init
    assert read == parse_type("real units n")


@pytest.mark.parametrize(
    ("text", "at", "help"),
    [
        ("rael 3", "rael", "did you mean 'real'?"),
        ("float", "float", "did you mean 'real'?"),
        ("Bool", "Bool", "did you mean 'bool'?"),
        ("real[64]", "[", "write 'real 64', not 'real[64]'"),
        ("real[3, 4]", "[", "write 'real 3 4', not 'real[3, 4]'"),
        ("real 3, 4", ",", "real 3"),
        ("class", "class", "class 10"),
        ("simplex", "simplex", "simplex 10"),
        ("", "", "real"),
        ("64", "64", "real"),
        ("real 1.5", ".", ""),
        ("real (n", "(", ""),
        ("real n+", "+", ""),
        ("real -n", "-", ""),
        ("real =", "=", "TYPE = INITIAL VALUE"),
        ("real == 3", "==", "TYPE = INITIAL VALUE"),
        ("real 9999999999999", "9999999999999", ""),
        ("real " + "(" * 60, "(", ""),
    ],
)
def test_bad_types(text: str, at: str, help: str) -> None:
    with pytest.raises(TypeTextError) as caught:
        parse_type(text)
    assert caught.value.code == "bad-type"
    assert text[caught.value.start : caught.value.end] == at
    assert help in caught.value.help


def test_dimensions_are_shown_as_written() -> None:
    (dim,) = parse_type("real (n+1)*2").dims
    assert show_dim(dim) == "(n+1)*2"
    assert dim_names(dim) == {"n"}


@given(st.text(alphabet="real bolcsimpx 0123n+-*/()=,.[]", max_size=30))
def test_any_text_gives_a_type_or_an_error_in_the_text(text: str) -> None:
    try:
        parse_type(text)
    except TypeTextError as error:
        assert 0 <= error.start <= error.end <= len(text)
