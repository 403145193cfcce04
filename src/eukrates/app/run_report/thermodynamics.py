"""Energy, temperature, pressure, volume and density of a run, with errors from block averages."""

import numpy as np

from eukrates.analysis import (
    TemperatureStatistics,
    compressibility_per_gpa,
    drift,
    log_statistics,
    series_statistics,
    temperature_statistics,
)
from eukrates.app.run_report.recorded import Recorded
from eukrates.plots.report import Figure, Section
from eukrates.plots.run import conserved_energy, energies, series
from eukrates.trust.table import Table
from eukrates.units import KELVIN

DRAWN = 2000  # points of a curve
FEWEST = 8  # frames
SETTLED = "Means leave out the first tenth of the run; errors are standard errors from block averages."


def conservation(recorded: Recorded) -> Section:
    """What exact dynamics would keep constant, and how it drifts."""
    slope, error = drift_per_ns(recorded)
    gained, thermal = heat_measure(recorded, slope)
    log, drawn = recorded.settled, drawn_log(recorded)
    per_atom = 1000 * log["conserved_energy"] / recorded.atoms
    line = np.polyfit(log["time_fs"], per_atom, 1)
    start = float(log["time_fs"][0])
    rough = float(np.std(per_atom - np.polyval(line, log["time_fs"])))
    rows = [
        ("drift", slope, error, "meV/atom/ns"),
        ("drift times length", gained, None, "meV/atom"),
        ("scatter about the line", rough, None, "meV/atom"),
        ("thermal energy kT", thermal, None, "meV"),
    ]
    words = (
        "Potential and kinetic energy, less the heat that the bath gave and the work of a piston: exact dynamics keeps "
        "it constant. A drift beyond its error comes from a long time step or from noisy forces. The first tenth of "
        "the run is left out, in which heat flows into the structure or out of it."
    )
    figures = [
        Figure(conserved_energy(drawn["time_fs"], drawn["conserved_energy"], recorded.atoms, slope, start)),
        Figure(energies(drawn["time_fs"], drawn["potential_energy"], drawn["kinetic_energy"])),
    ]
    return Section("Energy", [words, Table("", ("", "value", "error", "unit"), rows), *figures])


def temperature(recorded: Recorded) -> Section:
    """Mean and fluctuation beside those of the ensemble."""
    found, drawn = temperatures(recorded), drawn_log(recorded)
    width = series_statistics(recorded.settled["temperature_kelvin"])
    potential = series_statistics(1000 * recorded.settled["potential_energy"] / recorded.atoms)
    rows = [
        ("temperature (K)", found.mean, found.error, recorded.target_kelvin),
        ("its fluctuation (K)", found.deviation, width.deviation_error, found.canonical_deviation),
        ("potential energy (meV/atom)", potential.mean, potential.error, None),
    ]
    expected = "" if recorded.told["ensemble"]["kind"] != "nve" else " At constant energy the fluctuation is smaller."
    note = f"{SETTLED} Expected of the fluctuation: T √(2/f), f = {recorded.freedom} degrees of freedom.{expected}"
    start = float(recorded.settled["time_fs"][0])
    kelvin = drawn["temperature_kelvin"]
    figure = series(drawn["time_fs"], kelvin, "temperature (K)", recorded.target_kelvin, start)
    return Section("Temperature", [Table("", ("", "value", "error", "expected"), rows, note), Figure(figure)])


def volume(recorded: Recorded) -> Section:
    """Pressure, volume and density under a piston."""
    names = {
        "pressure_gpa": "pressure (GPa)",
        "volume_angstrom3": "volume (Å³)",
        "density_g_per_cm3": "density (g/cm³)",
    }
    if "volume_angstrom3" not in recorded.log:
        raise ValueError("The cell did not move, and a pressure is computed only where a piston needs it (npt).")
    _enough(recorded)
    drawn, start = drawn_log(recorded), float(recorded.settled["time_fs"][0])
    known = {name: recorded.settled[name] for name in names if name in recorded.settled}
    found = log_statistics(known)
    targets = {"pressure_gpa": recorded.constant("pressure_gpa")}
    rows: list[tuple] = [(names[n], s.mean, s.error, s.deviation, targets.get(n)) for n, s in found.items()]
    kelvin = recorded.constant("temperature_kelvin")
    if kelvin is not None and len(set(targets.values()) - {None}):
        kappa = compressibility_per_gpa(recorded.settled["volume_angstrom3"], kelvin)
        rows.append(("compressibility (1/GPa)", *kappa, None, None))
    figures = [Figure(series(drawn["time_fs"], drawn[n], names[n], targets.get(n), start)) for n in known]
    table = Table("", ("", "mean", "error", "fluctuation", "piston"), rows, SETTLED)
    return Section("Pressure and volume", [table, *figures])


def temperatures(recorded: Recorded) -> TemperatureStatistics:
    """Of the settled part."""
    _enough(recorded)
    return temperature_statistics(recorded.settled["temperature_kelvin"], recorded.freedom)


def drift_per_ns(recorded: Recorded) -> tuple[float, float]:
    """Drift of the conserved energy and its error, meV/atom/ns."""
    _enough(recorded)
    slope, error = drift(recorded.settled["time_fs"], recorded.settled["conserved_energy"], recorded.atoms)
    return 1000 * slope, 1000 * error


def heat_measure(recorded: Recorded, slope: float) -> tuple[float, float]:
    """What a drift (meV/atom/ns) adds up to over the run, in meV/atom, and kT in meV."""
    length_ns = 1e-6 * float(np.ptp(recorded.log["time_fs"]))
    return slope * length_ns, 1000 * KELVIN * float(np.mean(recorded.settled["temperature_kelvin"]))


def _enough(recorded: Recorded) -> None:
    if (n := len(recorded.log["step"])) < FEWEST:
        raise ValueError(f"{n} frames are too few for an average with an error; {FEWEST} would do.")


def drawn_log(recorded: Recorded) -> dict[str, np.ndarray]:
    """The log with so many points as a figure can show."""
    every = -(-len(recorded.log["step"]) // DRAWN)
    return {name: column[::every] for name, column in recorded.log.items()}
