"""The law suite as a class to inherit: `class TestMyNet(PotentialLaws): potential = ...`."""

import functools
import inspect
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from eukrates.numerics import PRECISIONS, cast
from eukrates.potential import Potential
from eukrates.testing import generated, laws
from eukrates.testing.measured import in_precision


class PotentialLaws:
    """All laws, on generated systems, in both precisions. Inherit, and give a potential:

        class TestMyNet(PotentialLaws):
            potential = functools.partial(MyNet, features=8, key=jax.random.key(0))  # or a Potential

    A callable without arguments is called once, when the first law is tested. Use weights that hide nothing: a fresh
    network often has zeros in its last layer (see `eukrates.testing.shaken`). Small networks with a short cutoff test
    the same program as large ones. Every example is the same in every run.
    """

    potential: ClassVar[Potential | Callable[[], Potential]]
    examples: ClassVar[int] = 8  # generated cases per law and precision

    def test_translation(self, precision):
        self.holds(laws.obeys_translation, precision)

    def test_rotation_and_reflection(self, precision):
        self.holds(laws.obeys_rotation, precision)

    def test_permutation(self, precision):
        self.holds(laws.obeys_permutation, precision)

    def test_extensivity(self, precision):
        self.holds(laws.obeys_extensivity, precision)

    def test_batch_is_single(self, precision):
        self.holds(laws.obeys_batching, precision, pairs=True)

    def test_padding_changes_nothing(self, precision):
        self.holds(laws.obeys_padding, precision)

    def test_longer_list_changes_nothing(self, precision):
        self.holds(laws.obeys_reach, precision)

    def test_lone_atoms_rest(self, precision):
        self.holds(laws.obeys_isolation, precision)

    def test_finite_everywhere(self, precision):
        self.holds(laws.obeys_finiteness, precision)

    def test_parts_add_up(self, precision):
        self.holds(laws.obeys_sums, precision)

    def test_statements_are_true(self, precision):
        self.holds(laws.obeys_statements, precision)

    def test_forces_are_the_gradient(self):
        self.holds(laws.obeys_gradient)

    def test_stress_is_the_strain_derivative(self):
        self.holds(laws.obeys_strain, kind=generated.crystals)

    def test_hessian_is_the_curvature(self):
        self.holds(laws.obeys_curvature, examples=2)

    def test_smooth_at_the_cutoff(self):
        self.holds(laws.obeys_smoothness)

    def test_precisions_agree(self):
        self.holds(laws.obeys_precision)

    def pytest_generate_tests(self, metafunc):
        """The hook of pytest that gives both precisions to the laws that ask for one."""
        if "precision" in metafunc.fixturenames:
            metafunc.parametrize("precision", PRECISIONS)

    def holds(self, law: Callable, precision: str = "float64", kind=generated.systems, pairs=False, examples=None):
        """Try one law on generated systems of one kind; `pairs` gives it a second structure as `other`."""
        potential = cast(_made(type(self)), precision)
        st = generated.strategies()
        from hypothesis import HealthCheck, given, settings

        known = potential.elements or generated.ELEMENTS
        one = generated.graphs(potential, kind(known, potential.cutoff))
        shape, dtype = generated.shape(potential), np.dtype(precision)

        @settings(
            max_examples=examples or self.examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        )
        @given(graph=one, other=one if pairs else st.none(), seed=st.integers(0, 9999))
        def obeyed(graph, other, seed):
            more = {} if other is None else {"other": in_precision(other, dtype)}
            law(potential, in_precision(graph, dtype), seed=seed, shape=shape, **more)

        obeyed()


@functools.cache
def _made(cls: type) -> Potential:
    given = inspect.getattr_static(cls, "potential", None)
    given = given.__func__ if isinstance(given, staticmethod) else given
    made = given if isinstance(given, Potential) or given is None else given()
    if not isinstance(made, Potential):
        raise TypeError(f"Expected {cls.__name__}.potential to be, or to make, a Potential; got {made!r}.")
    return made
