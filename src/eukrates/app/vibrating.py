"""`modes` on files: vibrations, infrared intensities and thermochemistry of one structure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import ase
import ase.io
import numpy as np

from eukrates.app.opening import open_model
from eukrates.app.structures import read_structure
from eukrates.files import replacing, write_atomically
from eukrates.landscape import IdealGas, Thermochemistry, Vibrations, ideal_gas, infrared_intensities, vibrations
from eukrates.landscape.vibrations import STATIONARY
from eukrates.potential import Potential
from eukrates.trust import Table

NUMBERS, MODES = "vibrations.json", "modes.extxyz"


def modes_of_file(
    model: str | Path,
    structure: str | Path,
    folder: str | Path | None = None,
    *,
    temperatures_kelvin: Sequence[float] = (),
    pressure_bar: float = 1.0,
    gas: Mapping[str, Any] | None = None,
    choices: Mapping[str, Any] | None = None,
    frame: int = 0,
    largest_force: float = STATIONARY,
) -> Iterator[Table]:
    """Tables of the vibrations and, at every temperature, of the ideal gas, each when it is known; in double precision.

    Args:
        model: model file, whose potential has second derivatives.
        structure: any file that ASE reads; a minimum or a saddle point of the model.
        folder: where all numbers are written (vibrations.json), and a frame of extended XYZ with the displacement of
            every atom for each mode (modes.extxyz). The vibrations are there before the gas is made of them.
        temperatures_kelvin, pressure_bar: of the gas; without temperatures there is none.
        gas: symmetry, multiplicity, soft and saddle of `eukrates.landscape.ideal_gas`.
        choices: charge and spin, far_cutoff and electrostatics.
        frame: of a file with several.
        largest_force: eV/Å, above which the structure is refused.

    Raises:
        ValueError: a temperature, a pressure, a symmetry, a multiplicity or a soft wavenumber that no gas has, before
            anything is computed; what `vibrations` refuses; nothing is written then. What `ideal_gas` refuses of the
            vibrations: those are written, and their table is out.
    """
    of_gas = dict(gas or {})
    atoms = read_structure(structure, frame)
    _refuse_gas(atoms, temperatures_kelvin, pressure_bar, of_gas)
    potential, electrons = open_model(model, {"precision": "float64"} | dict(choices or {}))
    atoms.info |= electrons
    found = vibrations(potential, atoms, largest_force)
    light, why_dark = _light(potential, found)
    numbers = _numbers(found, light)
    if folder is not None:
        with replacing(Path(folder) / MODES) as temporary:
            ase.io.write(temporary, _frames(atoms, found, light), format="extxyz")
        _write_numbers(folder, numbers)
    yield _modes_table(found, light, why_dark)
    if not temperatures_kelvin:
        return
    try:
        molecule = ideal_gas(found, **of_gas)
    except ValueError as error:
        kept = "" if folder is None else f" The vibrations are in {folder} all the same."
        raise ValueError(f"{error}{kept}") from error
    states = [molecule.at(kelvin, pressure_bar) for kelvin in temperatures_kelvin]
    if folder is not None:
        _write_numbers(folder, numbers | {"ideal_gas": _gas_numbers(molecule, states)})
    yield _gas_table(molecule, states)


def _refuse_gas(
    atoms: ase.Atoms, temperatures_kelvin: Sequence[float], pressure_bar: float, gas: Mapping[str, Any]
) -> None:
    """Raises ValueError for a state that no gas of these atoms has, whatever their vibrations are."""
    stated = {name: value for name, value in gas.items() if name != "saddle" and value is not None}
    still = IdealGas(energy=0.0, wavenumbers=(), moments=(), mass=float(atoms.get_masses().sum()), **stated)
    for kelvin in temperatures_kelvin:
        still.at(kelvin, pressure_bar)


def _write_numbers(folder: str | Path, numbers: Mapping[str, Any]) -> None:
    write_atomically(Path(folder) / NUMBERS, json.dumps(numbers, indent=1) + "\n")


def _light(potential: Potential, found: Vibrations) -> tuple[np.ndarray | None, str]:
    """Intensities, or why there are none."""
    try:
        return infrared_intensities(potential, found), ""
    except ValueError as error:
        return None, str(error).partition(". ")[0] + "."


def _modes_table(found: Vibrations, light: np.ndarray | None, why_dark: str) -> Table:
    rigid = np.abs(found.rigid_wavenumbers).max(initial=0.0)
    notes = [
        f"Negative: imaginary, the energy falls along {found.imaginary} modes." if found.imaginary else "",
        why_dark,
        f"Zero-point energy {found.zero_point_energy:.4f} eV. Largest force {found.largest_force:.1g} eV/Å. Projected "
        f"out: {found.rigid_wavenumbers.size} rigid motions, within {rigid:.1g} 1/cm of zero.",
    ]
    intensities = [None] * found.wavenumbers.size if light is None else [float(one) for one in light]
    each = zip(found.wavenumbers, intensities, found.reduced_masses, strict=True)
    rows = [(n, f"{nu:.2f}", intensity, float(mass)) for n, (nu, intensity, mass) in enumerate(each)]
    columns = ("mode", "wavenumber 1/cm", "infrared km/mol", "reduced mass u")
    return Table("Vibrations", columns, rows, " ".join(note for note in notes if note))


def _gas_table(molecule: IdealGas, states: Sequence[Thermochemistry]) -> Table:
    e = molecule.energy
    rows = []
    for s in states:
        energies = s.internal_energy - e, s.enthalpy - e, s.temperature_kelvin * s.entropy, s.gibbs_energy - e
        values = *energies, 1000 * s.entropy, 1000 * s.heat_capacity
        rows.append((f"{s.temperature_kelvin:g}", *(f"{value:.4f}" for value in values)))
    soft = "all modes harmonic" if molecule.soft is None else f"free rotors below about {molecule.soft:g} 1/cm"
    note = f"Symmetry number {molecule.symmetry}, multiplicity {molecule.multiplicity}, {soft}."
    title = f"Ideal gas at {states[0].pressure_bar:g} bar in eV (S and Cp: meV/K), E = {e:.6f} eV"
    columns = ("K", "U - E", "H - E", "T S", "G - E", "S", "Cp")
    return Table(title, columns, rows, note)


def _numbers(found: Vibrations, light: np.ndarray | None) -> dict[str, Any]:
    return {
        "units": {"energy": "eV", "wavenumber": "1/cm", "intensity": "km/mol", "mass": "u", "force": "eV/Å"},
        "energy": found.energy,
        "zero_point_energy": found.zero_point_energy,
        "largest_force": found.largest_force,
        "wavenumbers": found.wavenumbers.tolist(),
        "rigid_wavenumbers": found.rigid_wavenumbers.tolist(),
        "reduced_masses": found.reduced_masses.tolist(),
        "intensities": None if light is None else light.tolist(),
    }


def _gas_numbers(molecule: IdealGas, states: Sequence[Thermochemistry]) -> dict[str, Any]:
    told = ("symmetry", "multiplicity", "moments", "mass", "soft")
    return {name: getattr(molecule, name) for name in told} | {"states": [vars(state) for state in states]}


def _frames(atoms: ase.Atoms, found: Vibrations, light: np.ndarray | None) -> list[ase.Atoms]:
    """The structure once for each mode, with how far every atom goes as `displacement`."""
    frames = []
    for n, moved in enumerate(found.displacements):
        one = ase.Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
        one.info = {"mode": n, "wavenumber": float(found.wavenumbers[n])}
        if light is not None:
            one.info["intensity"] = float(light[n])
        one.arrays["displacement"] = moved
        frames.append(one)
    return frames
