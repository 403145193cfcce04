"""What is wrong with the data or the numbers, by the name of the structure."""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from eukrates.data.sample import Sample
from eukrates.numerics import to_device
from eukrates.potential import Potential, check_system
from eukrates.potential.derivatives import WANTS
from eukrates.training.batches import Batches
from eukrates.training.loss import Loss
from eukrates.training.optimiser import Flat, TrainingState


def check_labels(potential: Potential, train: Sequence[Sample], valid: Sequence[Sample], loss: Loss) -> None:
    """Refuse data that the loss or the potential cannot use, before anything is compiled.

    Raises:
        ValueError: no structures, a label of the loss that no structure has, a label that is not finite, an element
            that the potential does not know, a missing charge or spin: with the names of the structures. A label that
            the potential does not predict.
    """
    for split, samples in (("training", train), ("validation", valid)):
        if not samples:
            raise ValueError(f"The {split} set is empty. Give at least one structure.")
        for label in loss.labels:
            if all(getattr(s, label) is None for s in samples):
                raise ValueError(
                    f"The loss asks for {label} and none of the {len(samples)} {split} structures has it. Check the "
                    f"keys of the file (eukrates check), or set the weight of {label} to 0."
                )
        check_systems(potential, samples)
        for sample in samples:
            for label in loss.labels:
                if getattr(sample, label) is not None and not np.all(np.isfinite(getattr(sample, label))):
                    raise ValueError(f"{sample.name}: {label} is not finite. Remove the structure or repair its label.")
    for sample in (*train, *valid) if "dipole" in loss.labels else ():
        if sample.dipole is not None and np.any(sample.system.cell):
            raise ValueError(
                f"{sample.name} is periodic: its dipole depends on which images of atoms the file holds. Remove the "
                "label, or set the weight of dipole to 0."
            )
    if potential.waves(train[0].system.cell) is not None:
        raise ValueError(
            "Training through a sum over the lattice (electrostatics ewald or p3m) is not possible yet. Train with "
            'electrostatics "cutoff" and choose the sum when the model is used.'
        )
    _check_answers(potential, train[0], loss)


def check_systems(potential: Potential, samples: Sequence[Sample]) -> None:
    """Raise ValueError with the name of a structure that the potential does not know or that lacks what it needs."""
    for sample in samples:
        try:
            check_system(potential, sample.system)
        except ValueError as error:
            raise ValueError(f"{sample.name}: {error}") from error


def _check_answers(potential: Potential, sample: Sample, loss: Loss) -> None:
    """Refuse labels that are no derivative of the energy and that the potential does not predict."""
    asked = [label for label in loss.labels if label not in WANTS]
    with jax.enable_x64(True):  # or weights in double precision would be cut
        found = eqx.filter_eval_shape(potential, to_device(potential.graph(sample.system)))  # only traced
    silent = [label for label in asked if getattr(found, label) is None]
    if silent:
        raise ValueError(
            f"The loss asks for {', '.join(silent)}, which {type(potential).__name__} does not predict. Set the weight "
            f"of {', '.join(silent)} to 0, or choose a potential that predicts it."
        )


def explain_failure(batches: Batches, flat: Flat, state: TrainingState, loss: Loss) -> str:
    """Which structure of the batch where a member failed gives a loss or gradient that is not finite, in a sentence."""
    member = int(np.argmax(state.failed))
    step, theta = int(state.failed[member]), state.theta[member]
    fixed = {name: values[member] for name, values in flat.fixed.items()}

    @jax.jit
    def finite(theta, graph, goal):
        value, gradient = jax.value_and_grad(lambda t: loss(flat.potential(t, fixed), graph, goal)[0])(theta)
        return jnp.isfinite(value) & jnp.all(jnp.isfinite(gradient))

    epoch, n = divmod(step, batches.per_epoch)
    members = batches.members(epoch, n)
    guilty = [batches.samples[m].name for m in members if not finite(theta, *batches.one(int(m)))]
    if guilty:
        where = f"structure {', '.join(guilty)} gives a loss or a gradient that is not finite"
    else:
        names = ", ".join(batches.samples[m].name for m in members)
        where = f"no single structure of the batch is to blame ({names}): the sum overflowed"
    return (
        f"Training stopped at step {step} (epoch {epoch}): {where}. Look at it with `eukrates check`; if it is sound, "
        "lower the learning rate. The last good checkpoint and the best model are kept."
    )


def explain_validation(batches: Batches, measure: Callable, theta) -> str:
    """Which validation structures give errors that are not finite, in a sentence."""
    sums = [measure(theta, *batches.one(n)) for n in range(len(batches.samples))]
    guilty = [n for n, found in enumerate(sums) if not all(np.all(np.isfinite(v)) for v in found.values())]
    names = ", ".join(batches.samples[n].name for n in guilty[:5]) or "no single one: their sum overflows"
    return (
        f"No validation had a finite loss, so there is no best model. To blame are {names}. Look at them with "
        "`eukrates check`, and repair or remove them. The last model and the checkpoint are kept."
    )
