"""Snapshots of a structure at a temperature, from Langevin dynamics with any ASE calculator."""

from collections.abc import Iterator

import numpy as np
from ase import Atoms

STIFFEST_STEP_FS = 2.0


def langevin_snapshots(
    atoms: Atoms,
    calculator,
    *,
    temperature_kelvin: float | int,
    count: int,
    every_fs: float | int,
    seed: int,
    timestep_fs: float | int = 0.5,
    settle_fs: float | int = 1000.0,
) -> Iterator[Atoms]:
    """Yield `count` structures, one each `every_fs`, after `settle_fs` of equilibration.

    ASE's Langevin dynamics (Vanden-Eijnden & Ciccotti 2006, doi:10.1016/j.cplett.2006.07.086) with a friction of
    0.01/fs, from Maxwell-Boltzmann momenta; the structure may wander and turn; the same seed gives the same
    structures. Each snapshot is a copy
    without calculator and momenta whose `info` is that of `atoms` plus `time_fs` (since the end of the
    equilibration) and `temperature_kelvin`. Structures closer in time than about 100 fs tell a potential
    nearly the same thing. Raises ValueError for a time step, spacing or temperature that cannot work, and when the
    dynamics runs into NaN.
    """
    from ase import units
    from ase.md.langevin import Langevin
    from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

    if not 0 < timestep_fs <= STIFFEST_STEP_FS:
        raise ValueError(f"timestep_fs must be above 0 and at most {STIFFEST_STEP_FS} fs; it is {timestep_fs}.")
    if temperature_kelvin <= 0 or every_fs < timestep_fs or settle_fs < 0:
        raise ValueError(
            f"temperature_kelvin must be positive ({temperature_kelvin}), every_fs at least one time step ({every_fs}) "
            f"and settle_fs not negative ({settle_fs})."
        )
    rng = np.random.RandomState(seed)  # the kind of generator that ASE expects
    moving = atoms.copy()
    moving.calc = calculator
    MaxwellBoltzmannDistribution(moving, temperature_K=temperature_kelvin, rng=rng)
    dynamics = Langevin(
        moving, timestep_fs * units.fs, temperature_K=temperature_kelvin, friction=0.01 / units.fs, rng=rng, fixcm=False
    )
    dynamics.run(round(settle_fs / timestep_fs))
    stride = round(every_fs / timestep_fs)
    for number in range(1, count + 1):
        dynamics.run(stride)
        if not np.isfinite(moving.positions).all():
            raise ValueError(f"The dynamics broke down (NaN) before snapshot {number}: use a smaller time step.")
        snapshot = Atoms(moving.numbers, moving.positions, cell=moving.cell, pbc=moving.pbc, info=dict(atoms.info))
        snapshot.info.update(time_fs=number * stride * timestep_fs, temperature_kelvin=float(temperature_kelvin))
        yield snapshot
