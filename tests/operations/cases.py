"""One entry for each primitive and way of using it, with a reference that is not ours: plain NumPy on the
whole array, SciPy, or Python's ``math`` element by element. References see one example at a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.signal
import scipy.special

from dilsctl.ir import Type


@dataclass(frozen=True)
class Case:
    op: str
    types: tuple[Type, ...]
    reference: Callable[..., Any]
    params: dict[str, Any] = field(default_factory=dict)
    gradient: bool = True
    domain: Callable[[Any], Any] | None = None  # maps random reals to where the function is smooth

    def __str__(self) -> str:
        shapes = ",".join(str(one).replace(" ", "x") for one in self.types)
        return f"{self.op}({shapes}){'-'.join(str(v) for v in self.params.values())[:40]}"


def real(*shape: int) -> Type:
    return Type("real", shape)


def boolean(*shape: int) -> Type:
    return Type("bool", shape)


def integer(*shape: int) -> Type:
    return Type("int", shape)


def klass(classes: int, *shape: int) -> Type:
    return Type("class", shape, classes)


def simplex(*shape: int) -> Type:
    return Type("simplex", shape, shape[-1])


def each(function: Callable[..., Any]) -> Callable[..., Any]:
    """A scalar function of Python's, applied element by element."""
    return np.vectorize(function, otypes=[float])


def positive(x: Any) -> Any:
    return np.abs(x) + 0.2


_UNARY: dict[str, tuple[Callable[..., Any], Any]] = {
    "neg": (lambda x: -x, None),
    "exp": (math.exp, None),
    "log": (math.log, positive),
    "log1p": (math.log1p, positive),
    "sqrt": (math.sqrt, positive),
    "square": (lambda x: x * x, None),
    "reciprocal": (lambda x: 1 / x, None),
    "tanh": (math.tanh, None),
    "sigmoid": (lambda x: 1 / (1 + math.exp(-x)), None),
    "relu": (lambda x: x if x > 0 else 0.0, None),
    "gelu": (lambda x: x * 0.5 * math.erfc(-x / math.sqrt(2)), None),
    "softplus": (lambda x: math.log(1 + math.exp(x)), None),
    "sin": (math.sin, None),
    "cos": (math.cos, None),
    "tan": (math.tan, lambda x: np.tanh(x)),
    "arctan": (math.atan, None),
    "abs": (math.fabs, None),
    "erf": (math.erf, None),
}
_STEPS: dict[str, Callable[[float], float]] = {
    "sign": lambda x: math.copysign(1, x),
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
}
_BINARY: dict[str, tuple[Callable[..., Any], Any]] = {
    "add": (lambda a, b: a + b, None),
    "sub": (lambda a, b: a - b, None),
    "mul": (lambda a, b: a * b, None),
    "div": (lambda a, b: a / b, None),
    "pow": (math.pow, positive),
    "mod": (lambda a, b: a - b * math.floor(a / b), None),
    "minimum": (min, None),
    "maximum": (max, None),
    "arctan2": (math.atan2, None),
}
_COMPARE: dict[str, Callable[..., bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}
_LOGIC: dict[str, Callable[..., bool]] = {
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "xor": lambda a, b: a != b,
}

CASES: list[Case] = []


def case(op: str, *types: Type, ref: Callable[..., Any], **rest: Any) -> None:
    params = rest.pop("params", {})
    CASES.append(Case(op, types, ref, params, **rest))


for _name, (_function, _domain) in _UNARY.items():
    case(_name, real(4), ref=each(_function), domain=_domain)
    case(_name, real(), ref=each(_function), domain=_domain)
for _name, _step in _STEPS.items():
    case(_name, real(5), ref=each(_step), gradient=False)
    case(_name, integer(5), ref=lambda x, _n=_name: np.sign(x) if _n == "sign" else x, gradient=False)
for _name in ("neg", "square", "abs"):
    _f = {"neg": lambda x: -x, "square": lambda x: x * x, "abs": abs}[_name]
    case(_name, integer(5), ref=_f, gradient=False)
for _name, (_function, _domain) in _BINARY.items():
    for _shapes in [((3,), (3,)), ((2, 3), (3,)), ((), (3,)), ((2, 1), (1, 3)), ((3,), (2, 1))]:
        case(_name, *(real(*one) for one in _shapes), ref=each(_function), domain=_domain)
    if _name in ("add", "mul", "minimum"):
        case(_name, integer(3), integer(3), ref=np.vectorize(_function, otypes=[int]), gradient=False)
        case(_name, boolean(3), real(3), ref=lambda a, b, f=_function: each(f)(a * 1.0, b), gradient=False)
case("floor_div", real(3), real(3), ref=lambda a, b: np.floor(a / b), gradient=False)
for _name, _compare in _COMPARE.items():
    for _a, _b in [(real(2, 3), real(3)), (integer(3), integer(3)), (integer(3), real(3))]:
        case(_name, _a, _b, ref=np.vectorize(_compare), gradient=False)
    case(_name, klass(2, 3), klass(2, 3), ref=np.vectorize(_compare), gradient=False)
for _name, _compare in _LOGIC.items():
    case(_name, boolean(2, 3), boolean(3), ref=np.vectorize(_compare), gradient=False)
case("not", boolean(3), ref=lambda x: x ^ True, gradient=False)
_CHOICES: list[tuple[tuple[int, ...], ...]] = [((3,), (3,), (3,)), ((2, 1), (3,), ()), ((), (2, 3), (3,))]
for _condition, _left, _right in _CHOICES:
    case("where", boolean(*_condition), real(*_left), real(*_right), ref=np.where)
case("where", boolean(3), klass(4, 3), klass(4, 3), ref=np.where, gradient=False)
case("cast", boolean(3), ref=lambda x: x * 1.0, params={"kind": "real", "classes": None}, gradient=False)
case("cast", real(3), ref=np.trunc, params={"kind": "int", "classes": None}, gradient=False)
case("cast", simplex(3), ref=lambda x: x, params={"kind": "real", "classes": None})
case("copy", real(2, 3), ref=lambda x: x)
case("stop", real(2, 3), ref=lambda x: x, gradient=False)

_normal_pdf = each(lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi))
_normal_cdf = each(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)))
for _shapes in [((4,), (4,)), ((2, 3), (3,)), ((3,), (2, 3))]:
    _types = tuple(real(*one) for one in _shapes)
    case("tanh_grad", *_types, ref=lambda y, c: c * (1 - y**2))
    case("sigmoid_grad", *_types, ref=lambda y, c: c * y * (1 - y))
    case("relu_grad", *_types, ref=lambda y, c: np.where(y > 0, c, 0), gradient=False)
    case("gelu_grad", *_types, ref=lambda x, c: c * (_normal_cdf(x) + x * _normal_pdf(x)))

for _shape, _axes in [((4,), (-1,)), ((2, 3), (-1,)), ((2, 3), (-2,)), ((2, 3, 2), (-3, -1)), ((3,), ())]:
    _t = real(*_shape)
    _p = {"axes": _axes}
    case("sum", _t, ref=lambda x, a=_axes: np.einsum(x, list(range(x.ndim)), _rest(x, a)), params=_p)
    case("mean", _t, ref=lambda x, a=_axes: np.average(x, axis=a) if a else x, params=_p)
    case("prod", _t, ref=lambda x, a=_axes: _fold(lambda u, v: u * v, x, a), params=_p)
    case("max", _t, ref=lambda x, a=_axes: _fold(max, x, a), params=_p)
    case("min", _t, ref=lambda x, a=_axes: _fold(min, x, a), params=_p)
    case("logsumexp", _t, ref=lambda x, a=_axes: scipy.special.logsumexp(x, axis=a) if a else x, params=_p)
    case(
        "prod_others",
        _t,
        ref=lambda x, a=_axes: np.prod(x, axis=a, keepdims=True) / x if a else np.ones_like(x),
        params=_p,
        gradient=False,
    )
    _b = boolean(*_shape)
    case("any", _b, ref=lambda x, a=_axes: _fold(lambda u, v: u or v, x, a) > 0, params=_p, gradient=False)
    case("all", _b, ref=lambda x, a=_axes: _fold(lambda u, v: u and v, x, a) > 0, params=_p, gradient=False)
case("mean", boolean(5), ref=lambda x: sum(map(float, x)) / 5, params={"axes": (-1,)}, gradient=False)
case("sum", integer(5), ref=lambda x: sum(map(int, x)), params={"axes": (-1,)}, gradient=False)
for _axis in (-1, -2):
    case(
        "argmax", real(3, 4), ref=lambda x, a=_axis: _first(x, a, max), params={"axis": _axis}, gradient=False
    )
    case(
        "argmin", real(3, 4), ref=lambda x, a=_axis: _first(x, a, min), params={"axis": _axis}, gradient=False
    )
    case(
        "argsort",
        real(3, 4),
        ref=lambda x, a=_axis: np.apply_along_axis(lambda row: sorted(range(len(row)), key=row.item), a, x),
        params={"axis": _axis},
        gradient=False,
    )


def _rest(x: Any, axes: tuple[int, ...]) -> list[int]:
    return [n for n in range(x.ndim) if n - x.ndim not in axes]


def _fold(function: Callable[..., Any], x: Any, axes: tuple[int, ...]) -> Any:
    """A reduction with Python's loops."""
    rest = _rest(x, axes)
    out: dict[tuple[int, ...], Any] = {}
    for place in np.ndindex(*x.shape):
        key = tuple(place[n] for n in rest)
        out[key] = function(out[key], x[place]) if key in out else x[place]
    return np.array([out[key] for key in sorted(out)], float).reshape([x.shape[n] for n in rest])


def _first(x: Any, axis: int, pick: Any) -> Any:
    return np.apply_along_axis(lambda row: list(row).index(pick(row)), axis, x)


SPECS: list[tuple[str, tuple[tuple[int, ...], ...]]] = [
    ("ij,j->i", ((2, 3), (3,))),
    ("i,i->", ((4,), (4,))),
    ("i,j->ij", ((2,), (3,))),
    ("i,j->ji", ((2,), (3,))),
    ("ij,jk->ik", ((2, 3), (3, 4))),
    ("ij,jk->ki", ((2, 3), (3, 4))),
    ("ji,kj->ik", ((3, 2), (4, 3))),
    ("gij,gj->gi", ((2, 3, 4), (2, 4))),
    ("gij,gjk->gik", ((2, 3, 4), (2, 4, 2))),
    ("gij,gjk->ikg", ((2, 3, 4), (2, 4, 2))),
    ("ijk,kl->ijl", ((2, 3, 4), (4, 2))),
    ("ok,kyx->oyx", ((2, 3), (3, 2, 2))),
    ("ij,ij->", ((2, 3), (2, 3))),
    ("ij,ij->ij", ((2, 3), (2, 3))),
    ("ij,ij->i", ((2, 3), (2, 3))),
    ("ijk,ik->jk", ((2, 3, 2), (2, 2))),
    ("ij,k->i", ((2, 3), (2,))),
    ("ij->ji", ((2, 3),)),
    ("ijk->k", ((2, 3, 2),)),
    ("ij->", ((2, 3),)),
    ("i->i", ((3,),)),
    (",i->i", ((), (3,))),
    ("ij,jk,kl->il", ((2, 3), (3, 2), (2, 3))),
    ("i,i,i->", ((3,), (3,), (3,))),
    ("id,jd->ij", ((9, 8), (8, 8))),
]
for _spec, _operands in SPECS:
    case(
        "contract",
        *(real(*one) for one in _operands),
        ref=lambda *a, s=_spec: np.einsum(s, *a),
        params={"spec": _spec},
    )
case(
    "contract",
    integer(2, 3),
    integer(3),
    ref=lambda a, b: a @ b,
    params={"spec": "ij,j->i"},
    gradient=False,
)
case(
    "contract", boolean(3), real(3), ref=lambda a, b: (a * b).sum(), params={"spec": "i,i->"}, gradient=False
)


def regular(x: Any) -> Any:
    """Matrices are brought away from singular ones; the batch, if there is one, is last."""
    for axes in ("ij", "kij", "ij.", "kij."):
        square = x.ndim == len(axes) and x.shape[axes.index("i")] == x.shape[axes.index("j")] == 3
        if square and (x.ndim != 3 or x.shape[0] == (2 if axes[0] == "k" else 3)):
            eye = np.eye(3)[..., None] if axes[-1] == "." else np.eye(3)
            return x + 4 * eye
    return x


for _lead in ((), (2,)):
    case(
        "solve",
        real(*_lead, 3, 3),
        real(*_lead, 3),
        ref=lambda a, b: np.einsum("...ij,...j->...i", np.linalg.inv(a), b),
        domain=regular,
    )

for _small, _large in [((3,), (2, 3)), ((), (2, 3)), ((2, 1), (2, 3)), ((1,), (2, 3)), ((2, 3), (2, 3))]:
    case(
        "broadcast",
        real(*_small),
        ref=lambda x, s=_large: x + np.zeros(s),
        params={"shape": _large},
    )
    case(
        "sum_to",
        real(*_large),
        ref=lambda x, s=_small: _sum_to(x, s),
        params={"shape": _small},
    )


def _sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape)
    for place in np.ndindex(*x.shape):
        tail = place[x.ndim - len(shape) :]
        out[tuple(0 if length == 1 else n for n, length in zip(tail, shape, strict=True))] += x[place]
    return out


case(
    "reshape",
    real(2, 6),
    ref=lambda x: np.array(x.flatten().tolist()).reshape(3, 4),
    params={"shape": (3, 4)},
)
case("reshape", real(1), ref=lambda x: x[0], params={"shape": ()})
for _perm, _order in [((-1, -2), (0, 2, 1)), ((-1, -3, -2), (2, 0, 1)), ((-2, -1), (0, 1, 2))]:
    case(
        "transpose",
        real(2, 3, 4),
        ref=lambda x, o=_order: np.einsum(x, [0, 1, 2], list(o)),
        params={"perm": _perm},
    )
_INDICES: list[tuple[Any, Any]] = [
    (((0, 2, 1), 1), np.s_[..., 0:2, 1]),
    (((1, 4, 2),), np.s_[..., 1:4:2]),
    ((2, (0, 4, 1)), np.s_[..., 2, :]),
    ((), np.s_[...]),
    ((1, 2, 3), np.s_[1, 2, 3]),
]
for _index, _plain in _INDICES:
    case("slice", real(2, 3, 4), ref=lambda x, i=_plain: x[i], params={"index": _index})


def _padded(x: Any, shape: tuple[int, ...], plain: Any) -> Any:
    out = np.zeros(shape)
    out[plain] = x
    return out


case(
    "pad_slice",
    real(2, 2),
    ref=lambda x: _padded(x, (2, 3, 4), np.s_[..., 0:2, 1]),
    params={"index": ((0, 2, 1), 1), "shape": (3, 4)},
)
case(
    "pad_slice",
    real(2),
    ref=lambda x: _padded(x, (5,), np.s_[0:5:3]),
    params={"index": ((0, 5, 3),), "shape": (5,)},
)
case(
    "assemble",
    real(2, 2),
    real(2),
    real(2, 1),
    ref=lambda a, b, c: np.hstack([a, b[:, None], c]),
    params={
        "type": real(2, 4),
        "index": (((0, 2, 1), (0, 2, 1)), ((0, 2, 1), 2), ((0, 2, 1), (3, 4, 1))),
    },
)
case(
    "assemble",
    real(2),
    real(),
    ref=lambda a, b: np.array([a[0], b, a[1]]),
    params={"type": real(3), "index": (((0, 3, 2),), (1,))},
)
for _shift in (0, 1, -2, 7):
    case("roll", real(2, 3), ref=lambda x, s=_shift: np.roll(x, s, 1), params={"shift": _shift, "axis": -1})
case("roll", real(3, 2), ref=lambda x: x[[2, 0, 1]], params={"shift": 1, "axis": -2})

for _axis, _where in [(-1, ((0, 2), (2, 1))), (-2, (1, 0, 1)), (-1, 2), (-2, (1,))]:
    case(
        "gather",
        real(2, 3),
        ref=lambda x, a=_axis, w=_where: np.take(x, np.array(w), axis=a),
        params={"axis": _axis, "indices": _where},
    )


def _scattered(x: Any, size: int, where: Any, axis: int) -> Any:
    """The transpose of the matrix of the linear map 'take along an axis', applied to x."""
    matrix = np.array([[float(n == place) for n in range(size)] for place in np.ravel(where)])
    rank = np.ndim(where)
    first = x.ndim - (-axis - 1) - rank
    merged = x.reshape(*x.shape[:first], matrix.shape[0], *x.shape[first + rank :])
    return np.moveaxis(np.tensordot(matrix, merged, (0, first)), 0, first)


for _axis, _where, _shape in [(-1, ((0, 2), (2, 1)), (2, 2, 2)), (-2, (1, 0, 1), (3, 2)), (-1, 2, (2,))]:
    case(
        "scatter",
        real(*_shape),
        ref=lambda x, a=_axis, w=_where: _scattered(x, 4, w, a),
        params={"axis": _axis, "indices": _where, "size": 4},
    )
for _axis, _shape, _index in [(-1, (4,), ()), (-2, (4, 3), ()), (-2, (4, 3), (2,)), (-1, (2, 4), (2, 2))]:
    case(
        "take",
        real(*_shape),
        klass(4, *_index),
        ref=lambda x, i, a=_axis: np.take(x, i, axis=a),
        params={"axis": _axis},
    )
case(
    "take",
    real(2, 4, 3),
    klass(4, 2, 2),
    ref=lambda x, i: np.stack([x[n][i[n]] for n in range(2)]),
    params={"axis": -2, "lead": 1},
)
case("take", real(3), integer(2), ref=lambda x, i: x[[min(n, 2) for n in i]], params={"axis": -1})
for _axis, _shape, _index in [(-1, (), ()), (-2, (3,), ()), (-2, (2, 3), (2,)), (-1, (2, 2), (2,))]:
    case(
        "take_add",
        real(*_shape),
        klass(4, *_index),
        ref=lambda x, i, a=_axis: _scattered(x, 4, i, a),
        params={"axis": _axis, "size": 4},
    )
case(
    "take_add",
    real(2, 2, 3),
    klass(4, 2, 2),
    ref=lambda x, i: np.stack([_scattered(x[n], 4, i[n], -2) for n in range(2)]),
    params={"axis": -2, "lead": 1, "size": 4},
)
case("one_hot", klass(4, 2), ref=lambda i: np.eye(4)[i], params={"classes": 4}, gradient=False)
case("one_hot", integer(), ref=lambda i: np.eye(9)[i][:4], params={"classes": 4}, gradient=False)

for _axis in (-1, -2):
    case(
        "softmax", real(2, 3), ref=lambda x, a=_axis: scipy.special.softmax(x, axis=a), params={"axis": _axis}
    )
    case(
        "log_softmax",
        real(2, 3),
        ref=lambda x, a=_axis: scipy.special.log_softmax(x, axis=a),
        params={"axis": _axis},
    )


def _cross_entropy(x: Any, t: Any) -> Any:
    return -(t * scipy.special.log_softmax(x, axis=-1)).sum(-1), scipy.special.softmax(x, axis=-1)


case("cross_entropy", real(4), simplex(4), ref=_cross_entropy)
case("cross_entropy", real(2, 4), simplex(2, 4), ref=_cross_entropy)
for _a, _b in [(real(3), real(3)), (real(), boolean()), (real(2, 3), real(3))]:
    case(
        "sigmoid_cross_entropy",
        _a,
        _b,
        ref=lambda x, t: -(t * np.log(scipy.special.expit(x)) + (1.0 - t) * np.log(scipy.special.expit(-x))),
    )

_WINDOWS: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((2, 6), {"kernel": (3,), "stride": (1,), "padding": ((0, 0),)}),
    ((2, 6), {"kernel": (2,), "stride": (2,), "padding": ((1, 0),)}),
    ((2, 4, 5), {"kernel": (2, 3), "stride": (1, 2), "padding": ((0, 0), (1, 1))}),
    ((1, 2, 3, 3), {"kernel": (2, 2), "stride": (1, 1), "padding": ((1, 1), (0, 1))}),
    ((2, 7), {"kernel": (2,), "stride": (3,), "padding": ((0, 0),)}),
]


def _at(place: tuple[int, ...], offset: tuple[int, ...]) -> Any:
    return (Ellipsis, *(a + b for a, b in zip(place, offset, strict=True)))


def _window_lists(x: Any, p: dict[str, Any], fill: float) -> list[list[Any]]:
    """For each offset of the window, for each place: the values over the leading axes."""
    rank = len(p["kernel"])
    wide = np.pad(x, [(0, 0)] * (x.ndim - rank) + list(p["padding"]), constant_values=fill)
    spatial = wide.shape[-rank:]
    places = [
        [k for k in range(0, n - w + 1, s)] for n, w, s in zip(spatial, p["kernel"], p["stride"], strict=True)
    ]
    return [
        [wide[_at(place, offset)] for place in itertools.product(*places)]
        for offset in itertools.product(*map(range, p["kernel"]))
    ]


def _patches(x: Any, p: dict[str, Any], shape: tuple[int, ...]) -> Any:
    return np.moveaxis(np.array(_window_lists(x, p, 0.0)), (0, 1), (-2, -1)).reshape(shape)


def _pooled(x: Any, p: dict[str, Any], shape: tuple[int, ...]) -> Any:
    return np.moveaxis(np.array(_window_lists(x, p, -np.inf)).max(0), 0, -1).reshape(shape)


def _linear_adjoint(forward: Callable[[Any], Any], shape: tuple[int, ...], y: Any) -> Any:
    """The transposed matrix of a linear map, found by its columns, applied to y."""
    units = np.eye(math.prod(shape)).reshape(-1, *shape)
    return np.array([(forward(unit) * y).sum() for unit in units]).reshape(shape)


def _window_cases(shape: tuple[int, ...], p: dict[str, Any]) -> None:
    rank = len(p["kernel"])
    counts = tuple(
        (length + before + after - size) // step + 1
        for length, size, step, (before, after) in zip(
            shape[-rank:], p["kernel"], p["stride"], p["padding"], strict=True
        )
    )
    rows = (*shape[: -rank - 1], shape[-rank - 1] * math.prod(p["kernel"]), *counts)
    pooled = (*shape[:-rank], *counts)
    case("patches", real(*shape), ref=lambda x: _patches(x, p, rows), params={**p, "fill": 0.0})
    case(
        "unpatches",
        real(*rows),
        ref=lambda y: _linear_adjoint(lambda x: _patches(x, p, rows), shape, y),
        params={**p, "size": shape[-rank:]},
    )
    case("max_pool", real(*shape), ref=lambda x: _pooled(x, p, pooled), params=p)


for _image, _p in _WINDOWS:
    _window_cases(_image, _p)

# Operations that have tests of their own in test_primitives.py.
ELSEWHERE = {
    "mean_cross_entropy",
    "constant",
    "batch_mean",
    "batch_spread",
    "max_pool_grad",
    "random_uniform",
    "random_normal",
    "random_bernoulli",
}
