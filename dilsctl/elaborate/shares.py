"""Variables that a box shares, and what its ``join`` makes one with them."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan, did_you_mean
from dilsctl.diagram import Initial, Link, Shared
from dilsctl.elaborate.dimensions import unify
from dilsctl.elaborate.emitter import Unknown
from dilsctl.elaborate.interface import PortSite, port_site
from dilsctl.elaborate.wiring import region, region_shape
from dilsctl.elaborate.written import Written
from dilsctl.ir import Var
from dilsctl.order import natural

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration
    from dilsctl.elaborate.children import ChildSite


class Shares:
    """The shared variables of one elaboration, its own and those that only its ``join`` names."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box
        self.sites: dict[str, PortSite] = {}
        self.made: dict[str, Shared] = {}
        self._initial: dict[str, Written] = {}
        self._private: set[str] = set()
        self._joins: list[_Join] = []

    def begin(self) -> None:
        """Read the types under ``share``: they are part of the interface."""
        specs: Any = self.box.section("share")
        for name in specs:
            self.box.attempt(partial(self._declare, name, specs))

    def _declare(self, name: str, specs: Any) -> None:
        span = specs.value_span(name)
        text = self.box.types.text(specs[name], span)
        self.sites[name] = port_site(name, text, self.box.types.dimension_at(span), span)
        if text.init is not None:
            self._initial[name] = Written(text.init, span, specs[name], text.init_start)

    # -- joining ----------------------------------------------------------------------------------

    def join(self) -> None:
        """Read ``join``: find the interior variables, equate dimensions."""
        joins: Any = self.box.section("join")
        for key in joins:
            self.box.attempt(partial(self._key, key, joins))

    def _key(self, key: str, joins: Any) -> None:
        key_span = joins.key_span(key)
        tree = Written(key, key_span).parse()
        base = tree.value if isinstance(tree, ast.Subscript) else tree
        if not isinstance(base, ast.Name):
            help = "write NAME, or NAME[…] for a part of it"
            raise Problem.of("bad-target", f"'{key}' is no variable", key_span, help=help)
        index: tuple[ast.expr, ...] = ()
        if isinstance(tree, ast.Subscript):
            index = tuple(tree.slice.elts) if isinstance(tree.slice, ast.Tuple) else (tree.slice,)
        parts: Any = joins[key]
        for number, text in enumerate(parts):
            span = parts.span(number)
            self.box.attempt(partial(self._part, base.id, index, text, span, key_span))

    def _part(
        self, name: str, index: tuple[ast.expr, ...], text: str, span: SourceSpan, key_span: SourceSpan
    ) -> None:
        child_name, _, port = text.partition(".")
        site = self.box.children.sites.get(child_name)
        if site is None:
            if child_name in self.box.section("boxes"):
                raise Unknown
            help = self.box.names.nearest_box(child_name)
            raise Problem.of("unknown-box", f"there is no interior box '{child_name}'", span, help=help)
        theirs = site.shares.get(port)
        if theirs is None:
            known = ", ".join(f"{child_name}.{one}" for one in site.shares)
            help = did_you_mean(port, site.shares) or (f"it shares {known}" if known else "")
            raise Problem.of("unknown-port", f"'{child_name}' shares no variable '{port}'", span, help=help)
        for one in self._joins:
            if (one.child, one.port) == (site, port):
                labels = (Label(one.span, "it is joined here"),)
                message = f"'{text}' is joined twice"
                raise Problem([Diagnostic("duplicate-name", message, Label(span), labels)])
        if name not in self.sites:
            self._new(name, index, theirs, key_span)
        self._joins.append(_Join(name, index, site, port, span, key_span))
        if index:
            self._fit_part(self._joins[-1], theirs)
        else:
            mine = list(self.sites[name].array_dims)
            if site.count is not None and len(mine) == len(theirs.array_dims) + 1:
                unify(mine.pop(0), site.count, span)
            if len(mine) == len(theirs.array_dims):
                for a, b in zip(mine, theirs.array_dims, strict=True):
                    unify(a, b, span)

    def _fit_part(self, one: _Join, theirs: PortSite) -> None:
        """Let the lengths of a part fix the dimensions of what is joined to it."""
        whole = self.sites[one.name].own_type()
        if whole is None:
            return
        items = self.box.emitter(Written("", one.key_span)).items_of(list(one.index))
        lengths = list(region_shape(region(items, whole.shape, one.key_span), whole.shape))
        if one.child.count is not None and len(lengths) == len(theirs.array_dims) + 1:
            lengths.pop(0)
        if len(lengths) == len(theirs.array_dims):
            for dim, length in zip(theirs.array_dims, lengths, strict=True):
                unify(dim, length, one.span)

    def _new(self, name: str, index: tuple[ast.expr, ...], like: PortSite, key_span: SourceSpan) -> None:
        """A variable of its own, which nothing outside shares."""
        for key in ("params", "in", "state", "let", "modes", "boxes", "out"):
            if name in self.box.section(key) and key != "out":
                labels = (Label(self.box.section(key).key_span(name), "it is named here"),)
                message = f"'{name}' is no shared variable"
                help = f"list it under 'share' instead: {name}: {like.own_type() or like.kind}"
                raise Problem([Diagnostic("duplicate-name", message, Label(key_span), labels, help)])
        if index:
            help = f"list it under 'share' first: {name}: TYPE"
            raise Problem.of("unknown-name", f"there is no shared variable '{name}'", key_span, help=help)
        self.sites[name] = PortSite(name, like.kind, like.classes, like.dims, key_span)
        self._private.add(name)

    # -- solved -----------------------------------------------------------------------------------

    def read(self) -> None:
        """Make the variables whose types are known by now."""
        for name, site in self.sites.items():
            if name in self.made:
                continue
            type = site.own_type()
            if type is None:
                if site.fault is not None:
                    self.box.report.error(*site.fault, site.span)
                    site.fault = None
                continue
            learn = self.box.states.learned.get(name)
            private = name in self._private
            self.made[name] = Shared(name, type, None, learn, site.span, Var(type, name=name), private)
            if name in self._initial:
                self.box.attempt(partial(self._begins, name))

    def _begins(self, name: str) -> None:
        one = self.made[name]
        initial: Initial = self.box.states.initial_of(self._initial[name], one.type)
        self.made[name] = Shared(name, one.type, initial, one.learn, one.span, one.var, one.private)

    def links(self) -> list[Link]:
        """What is joined, with the part of the variable. Findings: dimension-mismatch, type-mismatch."""
        found = []
        for one in self._joins:
            link = self.box.attempt(partial(self._link, one))
            if link is not None:
                found.append(link)
        return sorted(found, key=lambda one: (natural(one.child), natural(one.port)))

    def _link(self, one: _Join) -> Link | None:
        mine, theirs = self.sites[one.name].own_type(), one.child.shares[one.port].own_type()
        if mine is None or theirs is None or one.name not in self.made:
            if self.box.sound:
                what = f"the length of '{one.name}', or of '{one.child.name}.{one.port}', can't be determined"
                help = "give one of them a number"
                raise Problem.of("unknown-dimension", what, one.span, help=help)
            return None
        span = one.key_span
        emitter = self.box.emitter(Written("", span))
        items = emitter.items_of(list(one.index)) if one.index else ()
        index = region(items, mine.shape, span) if items else ()
        shape = region_shape(index, mine.shape)
        count = one.child.count
        if mine.kind != theirs.kind or mine.classes != theirs.classes:
            code, fits = "type-mismatch", False
        else:
            code, fits = "dimension-mismatch", shape == theirs.shape
            fits = fits or (count is not None and shape == (count, *theirs.shape))
        if not fits:
            labels = (
                Label(one.child.shares[one.port].span, f"'{one.port}' is '{theirs}' here"),
                Label(self.sites[one.name].span, f"'{one.name}' is '{mine}'"),
            )
            what = f"'{mine.with_shape(shape)}'"
            message = f"'{one.child.name}.{one.port}' is '{theirs}', what it is joined to is {what}"
            help = f"of the {count} copies each takes one part, or all are one" if count is not None else ""
            raise Problem([Diagnostic(code, message, Label(one.span), labels, help)])
        return Link(one.name, index, one.child.name, one.port, one.span)


class _Join:
    """One line of ``join``: a shared variable of an interior box, and what it is joined to."""

    def __init__(
        self,
        name: str,
        index: tuple[ast.expr, ...],
        child: ChildSite,
        port: str,
        span: SourceSpan,
        key_span: SourceSpan,
    ) -> None:
        self.name = name
        self.index = index
        self.child = child
        self.port = port
        self.span = span
        self.key_span = key_span
