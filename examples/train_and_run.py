"""From data to dynamics in thirty lines: the program of the README. About five minutes on two cores."""

from importlib.resources import files
from pathlib import Path

import jax
from ase.build import molecule
from ase.optimize import BFGS

import eukrates
from eukrates.data import Dataset, atomic_energies, mean_neighbours, read, separate, split, statistics
from eukrates.dynamics import Langevin, run
from eukrates.interfaces.ase import Calculator
from eukrates.training import Optimiser, Plan, Run
from eukrates.trust import evaluate, inspect

data = read(str(files("eukrates.data") / "sets" / "ethanol.extxyz"))  # yours: anything that ASE reads
print(data.describe())  # which labels it found, under which names, in which units
molecules = Dataset(tuple(separate(data)[1]))  # without the free atoms, which give E0 and nothing else
parts = split(molecules, train=450, valid=50, test=100, seed=0).apply(molecules)
train, e0 = parts["train"], atomic_energies(data)  # E0 from the free atoms in the file
sizes = {"scale": statistics(train, e0).force_rms, "neighbours": mean_neighbours(train, 5.0)}
small = {"features": 66, "layers": 3, "heads": 2, "degrees": (1, 2, 3), "cutoff": 5.0}
model = eukrates.SO3krates(data.elements, **small, **sizes, e0=e0.energies, key=jax.random.key(0))
plan = Plan(epochs=150, batch_size=8, optimiser=Optimiser(learning_rate=5e-3, clip=1.0, ema=0.99))
trained = Run(model, train, parts["valid"], plan, Path("ethanol"), eukrates.save)()

model = eukrates.load(trained.best)
print(evaluate(model, parts["test"]).text())  # how wrong is it?
print(inspect(model, parts["test"]).text())  # is it sound?

atoms = molecule("CH3CH2OH")
atoms.calc = Calculator(model)
BFGS(atoms).run(fmax=0.01)
simulation = run(model, atoms, Langevin(temperature_kelvin=300), steps=40_000, timestep_fs=0.5)
print(f"{simulation.log['temperature_kelvin'].mean():.0f} K, {simulation.ns_per_day:.1f} ns/day")
