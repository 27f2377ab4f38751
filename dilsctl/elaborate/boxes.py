"""One box made concrete: its parameters, its interface, and the course of its elaboration.

What its expressions may read is in ``names``, its states in ``states``, its interior boxes in ``children``;
wires and dimensions are solved together in ``pattern``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Label, Problem, Report, SourceSpan
from dilsctl.diagram import Box, Link, Shared, State
from dilsctl.elaborate.children import Children
from dilsctl.elaborate.definitions import Definition, Given, Home, Word, shown
from dilsctl.elaborate.dimensions import Dimension
from dilsctl.elaborate.emitter import Emitter, Unknown, Value
from dilsctl.elaborate.energies import Energies
from dilsctl.elaborate.interface import PortSite
from dilsctl.elaborate.known import Known
from dilsctl.elaborate.laws import Laws
from dilsctl.elaborate.modes import Modes
from dilsctl.elaborate.momenta import Momenta
from dilsctl.elaborate.names import Names
from dilsctl.elaborate.parameters import Parameters
from dilsctl.elaborate.pattern import Pattern
from dilsctl.elaborate.shares import Shares
from dilsctl.elaborate.states import States
from dilsctl.elaborate.types import Types
from dilsctl.elaborate.wires import Key, read_wires
from dilsctl.elaborate.written import Written
from dilsctl.expression import names_read, ports_read
from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.functions import FUNCTIONS
from dilsctl.operations.table import Builder
from dilsctl.order import by_name, natural, reached_from

if TYPE_CHECKING:
    from dilsctl.elaborate import Elaborator


class BoxElaboration:
    """Makes one definition concrete for given parameters and dimensions.

    ``failed``: its findings have errors, or those of a box inside it.
    """

    def __init__(
        self,
        elaborator: Elaborator,
        definition: Definition,
        arguments: dict[str, Given],
        element: dict[str, Type],
        site: SourceSpan,
        parent: BoxElaboration | None,
        home: Home,
    ) -> None:
        """``element``: values that differ among the elements of a counted box, known only at run time.

        ``parent``: the elaboration that uses the box, at ``site``; ``home``: the definitions around the place
        where the box is named.
        """
        self.elaborator = elaborator
        self.report = Report()
        self.definition = definition
        self.body = definition.body
        self.arguments = arguments
        self.element_types = element
        self.site = site
        self.parent = parent
        self.home = home
        self.failed = False
        self.box: Box | None = None  # once it is finished
        self.collected = 0  # how many of its findings have been taken
        self.dims: dict[str, Dimension] = {}
        self.index: int | None = None
        self.eqns: list[Eqn] = []
        self.builder = Builder(self.eqns)
        self.params: dict[str, Any] = {}
        self.inputs: dict[str, PortSite] = {}
        self.outputs: dict[str, PortSite] = {}
        self.losses: list[Var] = []
        self.readout: dict[str, Var] = {}
        self.dispatch: dict[Key, Var] = {}
        self.links: list[Link] = []
        self.reads: set[tuple[str, str]] = set()  # interior outputs that some expression reads
        self.parameters = Parameters(self)
        self.types = Types(self)
        self.names = Names(self)
        self.modes = Modes(self)
        self.shares = Shares(self)

    # Of many uses of a definition that come to the same, only one gets further than its interface.

    @cached_property
    def states(self) -> States:
        return States(self)

    @cached_property
    def laws(self) -> Laws:
        return Laws(self)

    @cached_property
    def momenta(self) -> Momenta:
        return Momenta(self)

    @cached_property
    def energies(self) -> Energies:
        return Energies(self)

    @cached_property
    def children(self) -> Children:
        return Children(self)

    @cached_property
    def pattern(self) -> Pattern:
        return Pattern(self)

    # -- the course of the work -------------------------------------------------------------------

    def begin(self) -> BoxElaboration:
        """Read the parameters and the interface, which is all that a parent needs to wire the box."""
        self.parameters.read()
        self.types.read(self.inputs, "in")
        self.types.read(self.outputs, "out")
        self.modes.begin()
        self.shares.begin()
        return self

    def run(self) -> Box:
        """Elaborate. Errors go to the report; what could be understood is in the Box."""
        self._check_names()
        if not self.types.faulty():
            self._elaborate()
        children = self.children.made()
        self.links = self.momenta.link(self.links)
        self.states.check_beginnings()
        inputs = self.types.ports(self.inputs, self.names.input)
        outputs = self.types.ports(self.outputs, self.readout.get)
        lets = {name: value for name, value in self.names.lets.items() if isinstance(value, Var)}
        return Box(
            name=self.definition.name,
            inputs=inputs,
            outputs=outputs,
            states=by_name(self.states.made),
            children=by_name(children),
            element=by_name(self.names.element),
            eqns=tuple(self._in_order(lets)),
            readout=self.readout,
            dispatch=self.dispatch,
            losses=tuple(self.losses),
            shared=by_name(self.shares.made),
            laws=tuple(self.laws.made),
            triggers=tuple(self.laws.triggers),
            links=tuple(self.links),
            potentials=tuple(self.energies.potentials),
            metrics=tuple(self.energies.metrics),
            lets=lets,
            doc=str(self.body.get("doc") or ""),
            span=self.definition.span,
            hole=self.definition.hole,
            reads=frozenset(self.reads),
            modes={name: var for name, var in self.modes.flags.items() if var is not None},
            written=self.body,
        )

    def _in_order(self, lets: dict[str, Var]) -> list[Eqn]:
        """The equations in an order that does not depend on the order of declarations."""
        ends = [*by_name(self.readout).values()]
        keys = sorted(self.dispatch, key=lambda key: (natural(key[0] or ""), natural(key[1])))
        ends += [self.dispatch[key] for key in keys]
        ends += [law.value for law in self.laws.made]
        ends += [one.condition for one in self.laws.triggers]
        ends += [*self.energies.potentials, *(m.value for m in self.energies.metrics if m.value is not None)]
        ends += [var for site in by_name(self.children.sites).values() for var in by_name(site.told).values()]
        return reached_from([*ends, *self.losses, *by_name(lets).values()], self.eqns)

    def _elaborate(self) -> None:
        self.children.read()
        self.shares.join()
        self.states.begin()
        self.states.read()
        self.shares.read()
        self.pattern.solve()
        self.shares.read()
        self.names.finish_lets()
        self.modes.finish()
        self.laws.read()
        self.energies.read()
        self._read_losses()
        self.links = self.shares.links()
        self.readout, self.dispatch = self.pattern.targets.close()
        self.types.undetermined()
        self.types.feedback()
        self.pattern.undetermined()
        if self.report.ok:
            self.pattern.targets.warn_unread()
            self.names.warn_unread()

    def attempt(self, act: Callable[[], Any]) -> Any:
        """Run ``act``; its problems go to the report."""
        try:
            return act()
        except Problem as problem:
            self.report.extend(problem.diagnostics)
        except Unknown:
            pass
        return None

    def section(self, key: str) -> Any:
        """The mapping under a key of the box, empty if there is none."""
        return self.body.get(key) or {}

    def variable(self, name: str) -> State | Shared | None:
        """The state or shared variable of a name, once its type is known."""
        return self.states.made.get(name) or self.shares.made.get(name)

    def declares_variable(self, name: str) -> bool:
        """Is there a state or shared variable of this name, even if it is in error?"""
        return name in self.section("state") or name in self.section("share") or name in self.shares.sites

    @property
    def inside(self) -> Home:
        """The definitions around what is written in this box."""
        return (*self.home, (self.definition, self.site))

    @property
    def sound(self) -> bool:
        """No error so far, neither here nor inside."""
        return self.report.ok and not self.children.failed()

    def mark(self) -> tuple[int, int, int]:
        """Where the equations, lets and modes stand."""
        return len(self.eqns), len(self.names.lets), len(self.modes.flags)

    def back_to(self, mark: tuple[int, int, int]) -> None:
        """Forget what was emitted since ``mark``: some of it could not be known yet."""
        del self.eqns[mark[0] :]
        if len(self.modes.flags) > mark[2] and None not in self.modes.flags.values():
            self.modes.flags = {}
        if len(self.names.lets) > mark[1]:
            for name in list(self.names.lets)[mark[1] :]:
                if self.names.lets[name] is not None:
                    del self.names.lets[name]

    # -- names and expressions --------------------------------------------------------------------

    def _check_names(self) -> None:
        seen: dict[str, Any] = {}  # a name: the section that has it first
        for key in ("params", "in", "share", "state", "let", "modes", "boxes", "out"):
            names = self.section(key)
            for name in names:
                if name in seen and not (key == "out" and self.declares_variable(name)):
                    self.report.error(
                        "duplicate-name",
                        f"'{name}' already names something in this box",
                        names.key_span(name),
                        related=[Label(seen[name].key_span(name), "it is named here")],
                        help="all names of a box, those of its interior boxes too, share one namespace",
                    )
                seen.setdefault(name, names)
        for name, value in self.params.items():
            if name in FUNCTIONS and isinstance(value, Word) and value in FUNCTIONS:
                span = self.definition.params.key_span(name)
                help = f"{name}(…) would call the function; choose another name"
                self.report.error("bad-name", f"'{name}' is the name of a function", span, help=help)

    def emitter(self, written: Written, known: Known | None = None) -> Emitter:
        """An emitter for an expression of this box."""
        return Emitter(self.names, self.builder, written.locate, known)

    def evaluate(self, written: Written, known: Known | None = None) -> Value:
        """The value of an expression, or of a number or list. ``known``: of modes, where it stands."""
        if not isinstance(written.text, str):
            return self.parameters.literal(written.text, written.span)
        tree = written.parse()
        self.reads |= ports_read(tree)
        return self.emitter(written, known).value(tree)

    def names_read(self) -> set[str]:
        """The names that the expressions of this box read."""
        found: set[str] = set()
        for wire in read_wires(self.pattern.texts, Report(), lambda key: None):
            if wire.source is None:
                found.update(one for one in wire.plain[:2] if one is not None)
            else:
                found |= names_read(wire.source)
            for item in (*wire.target[1], *wire.target[3]):
                found |= names_read(item) if not isinstance(item, int) else set()
        texts = [
            *self._losses(),
            *self.laws.written(),
            *self.energies.written(),
            *(Written(text, self.site) for text in self.section("let").values()),
            *(written for written in self.modes.conditions.values() if written is not None),
        ]
        for written in texts:
            if isinstance(written.text, str):
                found |= names_read(written.parse())
        return found

    def _losses(self) -> list[Written]:
        losses = self.body.get("loss")
        if losses is None:
            return []
        if isinstance(losses, list):
            return [Written(text, losses.span(i)) for i, text in enumerate(losses)]  # type: ignore[attr-defined]
        return [Written(losses, self.body.value_span("loss"))]

    def _read_losses(self) -> None:
        for number, written in enumerate(self._losses()):
            self.names.feed(f"(loss {number})")
            loss = self.attempt(partial(self._loss, written))
            if loss is not None:
                self.losses.append(loss)

    def _loss(self, written: Written) -> Var:
        value = self.evaluate(written)
        if not isinstance(value, Var) or value.type.shape or value.type.kind not in ("real", "int"):
            found = f"'{value.type}'" if isinstance(value, Var) else f"the constant {shown(value)}"
            raise Problem.of(
                "bad-loss",
                f"a loss is one real number, this is {found}",
                written.span,
                help="sum(…) or mean(…) over all axes gives one number",
            )
        return value
