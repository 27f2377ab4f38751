"""Convolution and pooling. Images are (channels, height, width), sequences (channels, length); kernels are
(out channels, in channels, ...). As usual in neural networks, the kernel is not flipped.
"""

from __future__ import annotations

from typing import Any

from dilsctl.ir import Var, size_of
from dilsctl.limits import MOST_STATIC
from dilsctl.operations.convolution import window_counts
from dilsctl.operations.functions.table import function
from dilsctl.operations.functions.values import as_real, as_var, whole
from dilsctl.operations.rules import reshape, show
from dilsctl.operations.table import Builder, OperationError, ShapeError, TooLargeError

Value = Any
_FAMILY = "Convolution and pooling"
_PADDING = "padding: 'valid' (none), 'same' (as many places as input / stride), or a number."


def _numbers(name: str, what: str, value: Value, rank: int, least: int) -> tuple[int, ...]:
    given = value if isinstance(value, tuple) else (value,) * rank
    if len(given) != rank:
        raise OperationError(f"'{name}': {what} needs {rank} numbers, not {len(given)}")
    return tuple(whole(name, what, one, least) for one in given)


def _padding(
    name: str, padding: Value, spatial: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    if padding == "valid":
        return ((0, 0),) * len(spatial)
    if padding == "same":
        pairs = []
        for length, size, step in zip(spatial, kernel, stride, strict=True):
            total = max((-(-length // step) - 1) * step + size - length, 0)
            pairs.append((total // 2, total - total // 2))
        return tuple(pairs)
    if isinstance(padding, str):
        raise OperationError(f"'{name}': there is no padding '{padding}'", "'valid', 'same' or a number")
    return tuple((one, one) for one in _numbers(name, "padding", padding, len(spatial), 0))


def _image(name: str, x: Var, rank: int) -> tuple[int, ...]:
    if x.rank != rank + 1:
        words = "channels, length" if rank == 1 else "channels, height, width"
        raise ShapeError(
            f"'{name}' needs a value of shape ({words}), not {show(x.shape)}",
            "x[None] adds an axis for the one channel" if x.rank == rank else "",
            0,
        )
    return x.shape[1:]


def convolve(builder: Builder, name: str, x: Value, kernel: Value, stride: Value, padding: Value) -> Var:
    """Windows of ``x`` times the kernel: patches and one matrix product."""
    image, weight = as_var(builder, x), as_real(builder, kernel)
    rank = weight.rank - 2
    spatial = _image(name, image, rank)
    if weight.shape[1] != image.shape[0]:
        raise ShapeError(
            f"'{name}': the kernel of shape {show(weight.shape)} is for {weight.shape[1]} channels, "
            f"the value of shape {show(image.shape)} has {image.shape[0]}",
            argument=1,
        )
    sizes = weight.shape[2:]
    steps = _numbers(name, "stride", stride, rank, 1)
    pairs = _padding(name, padding, spatial, sizes, steps)
    window_counts(name, spatial, {"kernel": sizes, "stride": steps, "padding": pairs})
    patches = builder.emit("patches", (image,), kernel=sizes, stride=steps, padding=pairs, fill=0.0)
    rows = reshape(builder, weight, (weight.shape[0], size_of(weight.shape[1:])))
    places = "yx"[:rank]
    return builder.emit("contract", (rows, patches), spec=f"ok,k{places}->o{places}")


def _conv(name: str, rank: int | None, doc: str) -> None:
    @function(f"{name}(x, kernel, stride=1, padding='valid')", f"{doc} {_PADDING}", _FAMILY)
    def build(builder: Builder, x: Value, kernel: Value, stride: Value = 1, padding: Value = "valid") -> Var:
        weight = as_real(builder, kernel)
        wanted = (3, 4) if rank is None else (rank + 2,)
        if weight.rank not in wanted:
            words = " or ".join(str(one) for one in wanted)
            raise ShapeError(
                f"'{name}' needs a kernel with {words} axes (out channels, in channels, size …), not shape "
                f"{show(weight.shape)}",
                argument=1,
            )
        return convolve(builder, name, x, weight, stride, padding)


_conv("conv", None, "Convolution of (channels, length) or (channels, height, width).")
_conv("conv1d", 1, "Convolution of (channels, length).")
_conv("conv2d", 2, "Convolution of (channels, height, width).")


def pool(builder: Builder, name: str, x: Value, options: tuple[Value, Value, Value], rank: int | None) -> Var:
    """The largest, or the mean, of each window; options are size, stride, padding."""
    value = as_real(builder, x)
    size, stride, padding = options
    rank = rank or (1 if value.rank == 2 else 2)
    spatial = _image(name, value, rank)
    sizes = _numbers(name, "size", size, rank, 1)
    steps = sizes if stride is None else _numbers(name, "stride", stride, rank, 1)
    pairs = _padding(name, padding, spatial, sizes, steps)
    params: dict[str, Any] = {"kernel": sizes, "stride": steps, "padding": pairs}
    counts = window_counts(name, spatial, params)
    if name.startswith("max"):
        return builder.emit("max_pool", (value,), **params)
    channels = value.shape[0]
    patches = builder.emit("patches", (value,), fill=0.0, **params)
    windows = reshape(builder, patches, (channels, size_of(sizes), *counts))
    axis = -rank - 1
    if not any(sum(pair) for pair in pairs):
        return builder.emit("mean", (windows,), axes=(axis,))
    total = builder.emit("sum", (windows,), axes=(axis,))
    if size_of(counts) > MOST_STATIC:
        raise TooLargeError(f"'{name}': {size_of(counts)} windows with padding are more than {MOST_STATIC}")
    held = _nested(spatial, sizes, steps, pairs, counts)
    return builder.emit("div", (total, as_real(builder, held)))


def _nested(
    spatial: tuple[int, ...],
    sizes: tuple[int, ...],
    steps: tuple[int, ...],
    pairs: tuple[tuple[int, int], ...],
    counts: tuple[int, ...],
) -> Value:
    """For each place, how many elements of its window are not padding."""
    lines = []
    for length, size, step, (before, _), count in zip(spatial, sizes, steps, pairs, counts, strict=True):
        starts = [place * step - before for place in range(count)]
        lines.append([min(start + size, length) - max(start, 0) for start in starts])
    if len(lines) == 1:
        return tuple(float(one) for one in lines[0])
    return tuple(tuple(float(one * other) for other in lines[1]) for one in lines[0])


def _pool(name: str, rank: int | None, doc: str) -> None:
    @function(f"{name}(x, size, stride=size, padding='valid')", f"{doc} {_PADDING}", _FAMILY)
    def build(builder: Builder, x: Value, size: Value, stride: Value = None, padding: Value = "valid") -> Var:
        return pool(builder, name, x, (size, stride, padding), rank)


_LARGEST = "The largest of each window; the first of equals takes the gradient."
_MEAN = "The mean of each window, padding not counted."
_pool("max_pool", None, f"{_LARGEST} Of (channels, length) or (channels, height, width).")
_pool("mean_pool", None, f"{_MEAN} Of (channels, length) or (channels, height, width).")
for _rank in (1, 2):
    _pool(f"max_pool{_rank}d", _rank, _LARGEST)
    _pool(f"avg_pool{_rank}d", _rank, _MEAN)
