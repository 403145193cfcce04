"""How the atoms move: diffusion and vibrations."""

import numpy as np

from eukrates.analysis import (
    Spectrum,
    diffusion_coefficient,
    infrared_spectrum,
    mean_square_displacement,
    velocity_spectrum,
)
from eukrates.analysis.diffusion import Diffusion
from eukrates.app.run_report.recorded import Recorded
from eukrates.data.trajectory import Frames
from eukrates.elements import SYMBOLS
from eukrates.plots.motion import displacement_figure, spectrum_figure
from eukrates.plots.report import Figure, Section
from eukrates.trust.table import Table

MOST_FRAMES = 5000
NORMAL = (0.85, 1.15)  # exponents that pass for diffusion
FINE, COARSE, SEGMENTS = 10.0, 100.0, 4.0  # 1/cm
WINDOW_PS = 48.0  # ps × 1/cm: how long a segment is for a resolution
FASTEST = ((1.5, 3900.0), (3.5, 2900.0), (25.0, 2400.0), (np.inf, 1000.0))  # lightest atom up to (u) → vibration (1/cm)
SHORTEST_PS, DIFFUSION_PS = 1.0, 5.0


def diffusion(recorded: Recorded) -> Section:
    """Mean-square displacements and diffusion coefficients by element."""
    if recorded.alone:
        raise ValueError(f"Nothing diffuses here: {recorded.alone}.")
    frames = recorded.some(MOST_FRAMES)
    if (length := float(np.ptp(frames.time_fs)) / 1000) < DIFFUSION_PS:
        raise ValueError(f"{length:.3g} ps are too short to see diffusion; {DIFFUSION_PS:g} would be a beginning.")
    z, curves, rows = np.asarray(recorded.structure.numbers), {}, []
    for element in dict.fromkeys(z.tolist()):
        given = recorded.structure, frames.time_fs, frames.positions, np.flatnonzero(z == element)
        found = diffusion_coefficient(*given, masses=recorded.trajectory.masses)
        name = SYMBOLS[element]
        curves[name] = mean_square_displacement(*given, masses=recorded.trajectory.masses)
        unit = 10 * found.a2_per_ps, 10 * found.error_a2_per_ps  # 1e-5 cm²/s
        rows.append((name, *unit, found.exponent, _judged(found)))
        window = found.window_ps
    columns = ("element", "D (10⁻⁵ cm²/s)", "error", "exponent α", "")
    note = (
        f"D from the slope of the mean-square displacement between {window[0]:.3g} and {window[1]:.3g} ps in five "
        f"parts of the run, whose scatter is the error; {len(frames)} of {len(recorded.log['step'])} frames without "
        "the first tenth. α is the exponent of the displacement there: D is a diffusion coefficient only where it is "
        "1. Not corrected for the size of the box."
    )
    return Section("Diffusion", [Figure(displacement_figure(curves)), Table("", columns, rows, note)])


def vibrations(recorded: Recorded) -> Section:
    """The mass-weighted power spectrum of the velocities."""
    if "velocities" not in recorded.told["record"]["what"]:
        raise ValueError("Velocities were not recorded (record: [velocities, forces]).")
    frames, fastest, resolution = _close_frames(recorded)
    if frames.velocities is None:
        raise ValueError("Velocities are not in the trajectory.")
    found = velocity_spectrum(
        frames.time_fs, frames.velocities, recorded.trajectory.masses, recorded.freedom, resolution
    )
    note = (
        f"Its area is the kinetic temperature, {found.within(0.0, found.nyquist):.1f} K. {_averaged(found, frames)} "
        "Frequencies of classical nuclei."
    )
    return Section("Velocity spectrum", [Figure(spectrum_figure(found, fastest), note)])


def infrared(recorded: Recorded) -> Section:
    """Absorption from the dipoles Σ q (r - centre of mass) of an open structure whose charges were recorded."""
    if "charges" not in recorded.told["record"]["what"]:
        raise ValueError("Charges were not recorded (record: [velocities, charges], of models that know charges).")
    if np.any(recorded.structure.cell[0]):
        raise ValueError("A periodic structure has no dipole of its own: it jumps when an atom crosses the boundary.")
    frames, fastest, resolution = _close_frames(recorded)
    if frames.charges is None:
        raise ValueError("Charges are not in the trajectory.")
    kelvin = float(np.mean(recorded.settled["temperature_kelvin"]))
    dipoles = dipoles_of(frames, recorded.trajectory.masses)
    found = infrared_spectrum(frames.time_fs, dipoles, kelvin, resolution)
    length = float(np.mean(np.linalg.norm(dipoles, axis=1)))
    note = (
        f"The area of a band is its intensity in km/mol, that of all {found.within(0.0, 1.1 * fastest):.4g} km/mol. "
        f"From the partial charges of the model (mean dipole {length:.3g} e Å) at the mean temperature of the run, "
        f"{kelvin:.0f} K. {_averaged(found, frames)} Classical nuclei with the harmonic quantum correction."
    )
    return Section("Infrared spectrum", [Figure(spectrum_figure(found, fastest, "km/mol per 1/cm", "Infrared"), note)])


def dipoles_of(frames: Frames, masses: np.ndarray) -> np.ndarray:
    """Dipoles in e Å, [frames, 3], of partial charges about the centre of mass."""
    r, q = np.asarray(frames.positions, np.float64), np.asarray(frames.charges, np.float64)
    centre = np.einsum("fax,a->fx", r, masses) / masses.sum()
    return np.einsum("fa,fax->fx", q, r - centre[:, None])


def _close_frames(recorded: Recorded) -> tuple[Frames, float, float]:
    """Frames for a spectrum, the fastest vibration that may be there, and a resolution for their length, both 1/cm."""
    if len(recorded.log["step"]) < 3:
        raise ValueError("Too few frames for a spectrum.")
    spacing = float(np.median(np.diff(recorded.log["time_fs"])))
    nyquist = 1e5 / (2 * 2.99792458 * spacing)  # 1/cm
    fastest = next(wavenumber for mass, wavenumber in FASTEST if recorded.trajectory.masses.min() < mass)
    if nyquist < fastest:
        every = max(1, int(1e5 / (2 * 2.99792458 * fastest) / recorded.told["timestep_fs"]))
        raise ValueError(
            f"Frames every {spacing:g} fs show vibrations up to {nyquist:.0f} 1/cm; those of the lightest atoms reach "
            f"{fastest:.0f} and would be folded back to where they do not belong. Record every {every} steps."
        )
    frames = recorded.last()
    length = float(np.ptp(frames.time_fs)) / 1000
    if length < SHORTEST_PS:
        raise ValueError(f"{length:.3g} ps are too short for a spectrum; {SHORTEST_PS:g} would do.")
    return frames, fastest, float(np.clip(SEGMENTS * WINDOW_PS / length, FINE, COARSE))


def _averaged(found: Spectrum, frames: Frames) -> str:
    """What a spectrum was averaged over."""
    length = float(np.ptp(frames.time_fs)) / 1000
    return (
        f"Resolution {found.resolution:.3g} 1/cm, from {found.segments} segments of {length:.4g} ps; the band is the "
        "standard error."
    )


def _judged(found: Diffusion) -> str:
    if not NORMAL[0] <= found.exponent <= NORMAL[1]:
        return "not diffusion yet"
    return "diffusion" if found.a2_per_ps > 3 * found.error_a2_per_ps else "diffusion, with a large error"
