"""`Potential`: the one verb. Everything with an energy is a potential, and a sum of potentials is a potential."""

import abc
from collections.abc import Sequence

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from eukrates.matter import Graph, System, graph
from eukrates.matter.graph import Waves, most_waves
from eukrates.potential.prediction import Prediction
from eukrates.shapes import AnyArray


class Potential(eqx.Module):
    """graph → Prediction.

    A subclass computes features in the precision of its own parameters, geometry and totals in the precision of the
    positions. It must be smooth where a pair enters at `cutoff`, ignore pairs beyond its cutoffs and padding, and keep
    every constructor argument (except a random `key`) readable as an attribute of the same name: a model file is a
    constructor call.
    """

    cutoff: eqx.AbstractVar[float]  # Å, reach of the near edges
    far_cutoff: eqx.AbstractVar[float | None]  # Å, reach of the far edges; None: they are not read
    elements: eqx.AbstractVar[tuple[str, ...] | None]  # symbols it knows; None: all
    needs: eqx.AbstractVar[tuple[str, ...]]  # of "charge", "spin": what every system must state

    def graph(self, structure: System, beyond: float = 0.0) -> Graph:
        """All that the potential reads of one structure, with lists that reach `beyond` its cutoffs, Å. On the host.

        Raises:
            ValueError: a structure for which one of its sums does not exist.
        """
        longer = lambda reach: None if reach is None else reach + beyond
        reach = longer(self.far_cutoff), self.waves(structure.cell), longer(self.triple_cutoff)
        return graph(structure, self.cutoff + beyond, *reach)

    @property
    def triple_cutoff(self) -> float | None:
        """Å, reach of the triples, at most `cutoff`; None: they are not read."""
        return None

    def waves(self, cell: np.ndarray) -> Waves | None:
        """How many waves along each axis of cells [systems, 3, 3] a graph must provide; None: it sums over none.

        Raises:
            ValueError: cells for which the sum does not exist.
        """
        return None

    def for_inference(self) -> "Potential":
        """The same potential, to the rounding of its parameters, as fast as it can be where these never change."""
        return self

    def for_training(self, key: PRNGKeyArray) -> "Potential":
        """The same potential for one step of its training: with what is random there drawn from the key."""
        return self

    def apart(self) -> "tuple[Potential, ...]":
        """The members of an ensemble, each a potential of its own; of one that is none itself."""
        return (self,)

    def merged(self, others: "Sequence[Potential]") -> "Potential | None":
        """This potential and others made like it as one that evaluates them at once; None: there is no such."""
        return None

    @abc.abstractmethod
    def __call__(self, graph: Graph) -> Prediction:
        """Energy, its terms, and the per-atom and per-system quantities that the potential knows."""

    def __add__(self, other: "Potential") -> "Sum":
        return Sum((self, other))  # pyright: ignore[reportCallIssue]  (properties take the place of abstract fields)


class Sum(Potential):
    """The sum of potentials: energies add, terms of one name add, other quantities come from whichever knows them.

    Ensembles of as many members add member by member; others are refused where their members are asked for.
    """

    parts: tuple[Potential, ...]

    def __check_init__(self):
        if not self.parts:
            raise ValueError("Expected at least one potential to sum, got none.")

    @property
    def cutoff(self) -> float:
        """The longest near reach of the parts, Å."""
        return max(p.cutoff for p in self.parts)

    @property
    def far_cutoff(self) -> float | None:
        """The longest far reach of the parts, Å."""
        return max((p.far_cutoff for p in self.parts if p.far_cutoff is not None), default=None)

    @property
    def triple_cutoff(self) -> float | None:
        """The longest reach of triples of the parts, Å."""
        return max((p.triple_cutoff for p in self.parts if p.triple_cutoff is not None), default=None)

    @property
    def elements(self) -> tuple[str, ...] | None:
        """What all parts know."""
        known = [p.elements for p in self.parts if p.elements is not None]
        return tuple(s for s in known[0] if all(s in other for other in known)) if known else None

    def waves(self, cell: np.ndarray) -> Waves | None:
        """The most that a part needs, along each axis."""
        return most_waves([w for p in self.parts if (w := p.waves(cell)) is not None])

    def for_inference(self) -> "Sum":
        """The sum of the parts for inference."""
        return Sum(tuple(p.for_inference() for p in self.parts))  # pyright: ignore[reportCallIssue]

    def for_training(self, key: PRNGKeyArray) -> "Sum":
        """The sum of the parts for training, each with a key of its own."""
        keys = jax.random.split(key, len(self.parts))
        each = zip(self.parts, keys, strict=True)
        return Sum(tuple(part.for_training(one) for part, one in each))  # pyright: ignore[reportCallIssue]

    def apart(self) -> tuple[Potential, ...]:
        """One sum for each member of its ensembles; what has no members is in each.

        Raises:
            ValueError: ensembles of different numbers of members.
        """
        each = [part.apart() for part in self.parts]
        counts = {len(members) for members in each if len(members) > 1}
        if not counts:
            return (self,)
        members = _one_count(counts)
        spread = [found if len(found) > 1 else found * members for found in each]
        return tuple(Sum(parts) for parts in zip(*spread, strict=True))  # pyright: ignore[reportCallIssue]

    @property
    def needs(self) -> tuple[str, ...]:
        """What any part needs."""
        return tuple(sorted({need for p in self.parts for need in p.needs}))

    def __call__(self, graph: Graph) -> Prediction:
        predictions = [p(graph) for p in self.parts]
        terms: dict = {}
        for prediction in predictions:
            for name, energy in prediction.terms.items():
                terms[name] = terms[name] + energy if name in terms else energy
        per_atom = [p.energies for p in predictions if p.energies is not None]

        def known(name):
            return next((getattr(p, name) for p in predictions if getattr(p, name) is not None), None)

        return Prediction(
            energy=sum(p.energy for p in predictions),
            terms=terms,
            energies=sum(per_atom) if len(per_atom) == len(predictions) else None,
            energy_by_member=_by_member(predictions),
            charges=known("charges"),
            dipole=known("dipole"),
            hirshfeld_ratios=known("hirshfeld_ratios"),
            c6=known("c6"),
            polarizabilities=known("polarizabilities"),
        )


def _by_member(predictions: Sequence[Prediction]) -> Float[AnyArray, "systems members"] | None:
    """Energies of the members of a sum; what has no members counts in each."""
    each = [p.energy[:, None] if p.energy_by_member is None else p.energy_by_member for p in predictions]
    counts = {one.shape[1] for one, p in zip(each, predictions, strict=True) if p.energy_by_member is not None}
    if not counts:
        return None
    _one_count(counts)
    return sum(each)


def _one_count(counts: set[int]) -> int:
    if len(counts) > 1:
        raise ValueError(f"Ensembles of {sorted(counts)} members cannot be added: make them of one number.")
    return next(iter(counts))
