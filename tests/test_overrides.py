"""Values given from outside a file."""

import pytest

from dilsctl.diagnostics import Problem, SourceFile
from dilsctl.overrides import apply, from_arguments, parse_override
from dilsctl.source import parse_yaml
from dilsctl.values import Mapping

TEXT = """\
dils: 1
main: net
define:
  net: {params: {hidden: 3}}
train:
  epochs: 3
  optimiser: adam
"""


def root(text: str = TEXT) -> Mapping:
    value = parse_yaml(SourceFile("net.yaml", text))
    assert isinstance(value, Mapping)
    return value


def put(*settings: str, text: str = TEXT) -> Mapping:
    return apply(root(text), [parse_override(one) for one in settings])


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("train.epochs=5", 5),
        ("train.epochs= 5", 5),
        ("train.epochs=1e-3", 1e-3),
        ("train.epochs=true", True),
        ("train.epochs=yes", "yes"),
        ("train.epochs=", None),
        ("train.epochs=[1, {a: b}]", [1, {"a": "b"}]),
        ("train.epochs=cross_entropy(a, b) == c", "cross_entropy(a, b) == c"),
    ],
)
def test_values_are_written_as_in_yaml(setting: str, value: object) -> None:
    assert put(setting)["train"]["epochs"] == value


def test_places() -> None:
    new = put("train.epochs=5", "train.data.split={test: 0.5}")
    assert str(new["train"].value_span("epochs")) == "--set:1:14"
    assert str(new["train"].key_span("epochs")) == "--set:1:7"
    assert str(new["train"].value_span("optimiser")) == "net.yaml:7:14"
    assert str(new.key_span("train")) == "net.yaml:5:1"
    assert str(new["train"]["data"]["split"].value_span("test")) == "--set:1:25"
    span = new["train"]["data"]["split"].value_span("test")
    assert span.file.text[span.start : span.end] == "0.5"


def test_later_settings_see_earlier_ones() -> None:
    new = put("train.data.file=a.csv", "train.data.split={test: 0.1}", "train.data.file=b.csv")
    assert new["train"]["data"] == {"file": "b.csv", "split": {"test": 0.1}}


def test_the_document_stays_as_it_is() -> None:
    before = root()
    apply(before, [parse_override("train.epochs=5"), parse_override("new.key=1")])
    assert before == root()


def test_params_of_the_main_box() -> None:
    assert put("params.hidden=5")["main"] == {"box": "net", "with": {"hidden": 5}}
    assert put("params.a=5", "params.b=6")["main"] == {"box": "net", "with": {"a": 5, "b": 6}}
    inline = "main: {params: {n: 1}}\n"
    assert put("params.n=2", text=inline)["main"] == {"params": {"n": 2}}


@pytest.mark.parametrize(
    ("setting", "code", "words"),
    [
        ("train", "bad-override", "does not set anything"),
        (".x=1", "bad-override", "does not set anything"),
        ("train.optimiser.adam=1", "bad-override", "train.optimiser is the value 'adam'"),
        ("a=[1, 2", "yaml-syntax", "bracket"),
        ("a=*x", "alias-not-allowed", "alias"),
    ],
)
def test_what_cannot_be_set(setting: str, code: str, words: str) -> None:
    with pytest.raises(Problem) as caught:
        put(setting)
    (found,) = caught.value.diagnostics
    assert found.code == code and words in found.message
    assert found.primary is not None and found.primary.span.file.name == "--set"
    assert found.primary.span.file.text == setting


def test_params_need_a_main_box() -> None:
    with pytest.raises(Problem, match="no main box"):
        put("params.n=1", text="dils: 1\n")


def test_keyword_arguments() -> None:
    texts = from_arguments({"epochs": 5, "optimiser": {"sgd": {"rate": 0.1}}, "data__file": "é: x.csv"})
    new = apply(root(), [parse_override(one) for one in texts])
    assert new["train"]["epochs"] == 5
    assert new["train"]["optimiser"] == {"sgd": {"rate": 0.1}}
    assert new["train"]["data"]["file"] == "é: x.csv"
