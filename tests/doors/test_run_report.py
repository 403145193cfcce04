"""The report of a run: its numbers are those of the analysis and of cases whose answer is known."""

import html
import json
import re
import shutil

import ase.io
import numpy as np
import pytest
from ase import Atoms

from eukrates.analysis import (
    compressibility_per_gpa,
    drift,
    radial_distribution,
    series_statistics,
    temperature_statistics,
)
from eukrates.analysis.spectra import LIGHT
from eukrates.app import run_report
from eukrates.app.cli import run
from eukrates.app.run_report import report_of, try_report, write_report
from eukrates.app.run_report.recorded import read_recorded
from eukrates.app.run_report.structure import peak
from eukrates.app.simulation import Simulation, simulate
from eukrates.data.trajectory import Frames, append_h5md, create_h5md
from eukrates.matter import system
from eukrates.trust.table import show
from eukrates.units import FS, KE, KM_PER_MOL
from eukrates.units import KELVIN as KELVIN_EV

FRAMES, ATOMS, EDGE, EVERY_FS = 600, 40, 14.0, 20.0
DRIFT, KELVIN, WIDTH = 25.0, 310.0, 40.0  # meV/atom/ns, K, K
STEP = 0.05  # Å a frame and axis: D = 0.05² / (2 · 0.02 ps) = 0.0625 Å²/ps
LINE = 300.0  # 1/cm, of the vibration


def text_of(page: str) -> str:
    """What a reader sees."""
    bare = re.sub(r"<(svg|style|script).*?</\1>", "", page, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"</t[dh]>", " | ", bare)))


def row(text: str, name: str) -> list[str]:
    """The cells of a row of a table."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} |")]
    return [cell.strip() for cell in line.split("|")[1:-1]]


def write_run(folder, time, positions, velocities, observables, cell, numbers, ensemble, masses, charges=None):
    """A folder as a finished run leaves it."""
    folder.mkdir()
    stated = {"numbers": numbers.tolist(), "cell": cell.tolist(), "charge": None, "spin": None}
    told = {"eukrates": "0", "ensemble": ensemble, "steps": 20 * (len(time) - 1), "timestep_fs": 1.0, "seed": 0}
    told |= {"potential": {"class": "Toy", "digest": "0", "precision": "float32"}, "formula": "X"}
    told |= {
        "record": {"every": 20, "what": ["velocities", *["charges"] * (charges is not None)], "precision": "float32"},
        "system": stated,
    }
    (folder / "settings.json").write_text(json.dumps(told | {"degrees_of_freedom": 3 * len(numbers) - 3}))
    columns = {"step": 20 * np.arange(len(time)), "time_fs": time, **observables}
    rows = [dict(zip(columns, map(float, values), strict=True)) for values in zip(*columns.values(), strict=True)]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in rows))
    structure = system(numbers, positions[0], cell)
    what = ("velocity",) if charges is None else ("velocity", "charge")
    create_h5md(folder / "trajectory.h5", structure, masses, what, tuple(observables))
    frames = Frames(columns["step"], time, positions, observables, velocities, charges=charges)
    append_h5md(folder / "trajectory.h5", frames)
    return folder


def make_gas(folder, spacing_fs):
    """Argon that walks at random through a box, with energies, temperatures and vibrations of our choice."""
    rng = np.random.default_rng(5)
    start = rng.uniform(0, EDGE, (ATOMS, 3))
    walk = np.cumsum(rng.normal(0, STEP, (FRAMES, ATOMS, 3)), axis=0)
    time = spacing_fs * np.arange(FRAMES)
    turns = 2 * np.pi * 2.99792458e-5 * LINE * time[:, None, None] + rng.uniform(0, 6, (ATOMS, 3))
    kelvin = KELVIN + WIDTH * rng.normal(size=FRAMES)
    conserved = 1e-9 * DRIFT * ATOMS * time + 1e-6 * rng.normal(size=FRAMES)
    observables = {"potential_energy": conserved - 1.0, "kinetic_energy": kelvin / 1e4, "conserved_energy": conserved}
    observables["temperature_kelvin"] = kelvin
    ensemble = {"kind": "langevin", "temperature_kelvin": 300.0, "friction_per_ps": 1.0, "hottest_kelvin": None}
    numbers, masses = np.full(ATOMS, 18), np.full(ATOMS, 39.948)
    positions = (start + walk).astype(np.float32)
    state = positions, np.cos(turns), observables
    return write_run(folder, time, *state, EDGE * np.eye(3), numbers, ensemble, masses)


@pytest.fixture(scope="module")
def gas(tmp_path_factory):
    """The folder of a run of it."""
    return make_gas(tmp_path_factory.mktemp("runs") / "gas", EVERY_FS)


@pytest.fixture(scope="module")
def text(gas):
    """The report of it, as read."""
    return text_of(write_report(gas).read_text(encoding="utf-8"))


def test_the_page_stands_alone(gas, text):
    page = (gas / "report.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert "Finished: 11.98 ps" in text


def test_the_drift_is_the_one_that_was_put_in(gas, text):
    value, error, unit = row(text, "drift")
    log = read_recorded(gas).settled
    expected = [1000 * x for x in drift(log["time_fs"], log["conserved_energy"], ATOMS)]
    assert [value, error] == [show(x) for x in expected]
    assert float(value) == pytest.approx(DRIFT, abs=4 * float(error))
    assert float(error) < 0.1
    assert unit == "meV/atom/ns"
    assert f"drifts by {expected[0]:.3g}" in text


def test_the_temperature_stands_beside_what_it_should_be(gas, text):
    log = read_recorded(gas).settled
    found = temperature_statistics(log["temperature_kelvin"], 3 * ATOMS - 3)
    assert row(text, "temperature (K)") == [show(found.mean), show(found.error), "300.0"]
    value, _, expected = row(text, "its fluctuation (K)")
    assert float(value) == pytest.approx(WIDTH, rel=0.1)
    assert float(expected) == pytest.approx(KELVIN * np.sqrt(2 / (3 * ATOMS - 3)), rel=0.01)
    assert "The mean is not that of the bath" in text


def test_g_of_r_is_that_of_the_analysis_and_one_for_a_gas(gas, text):
    recorded = read_recorded(gas)
    frames = recorded.some(200)
    found = radial_distribution(recorded.structure, frames.positions, 7.0, ("Ar", "Ar"), 140)
    assert row(text, "Ar–Ar") == [show(x) for x in peak(found)]
    assert f"From {len(frames)} of {FRAMES} frames" in text
    far = found.g[found.radius > 3]
    assert far.mean() == pytest.approx(1 - 1 / ATOMS, abs=0.1)  # the walk forgets little


def test_diffusion_is_that_of_the_walk(text):
    value, error, exponent, judged = row(text, "Ar")
    expected = 10 * STEP**2 / (2 * EVERY_FS / 1000) * (1 - 1 / ATOMS)
    assert float(value) == pytest.approx(expected, abs=4 * float(error))
    assert float(error) < 0.2 * expected
    assert float(exponent) == pytest.approx(1, abs=0.1)
    assert judged == "diffusion"


def test_vibrations_that_the_frames_cannot_show_are_left_out(text, tmp_path):
    """Frames every 20 fs show 834 1/cm: too few for argon by our bound of 1000; every 10 fs are enough."""
    assert "Frames every 20 fs show vibrations up to 834 1/cm" in row(text, "velocity spectrum")[0]
    section = run_report.vibrations(read_recorded(make_gas(tmp_path / "fine", 10.0)))
    found = re.search(r"kinetic temperature, ([0-9.]+) K.*from (\d+) segments of 5.39 ps", section.html())
    assert found
    kinetic = 3 * ATOMS * 39.948 * 0.5 / (FS**2 * KELVIN_EV * (3 * ATOMS - 3))
    assert float(found[1]) == pytest.approx(kinetic, rel=0.02)


def test_charges_that_vibrate_absorb_what_they_must(tmp_path):
    """Two charges, ±0.3 e, whose distance oscillates by 0.05 Å: ∫A = π kₑ / (3 c² k_B T) ⟨|dμ/dt|²⟩. All drifts."""
    time = 2.0 * np.arange(2000)
    omega = 2 * np.pi * 2.99792458e-5 * 2000.0  # 1/fs
    x = np.zeros((time.size, 2, 3))
    x[:, 0, 0], x[:, 1, 0] = 0.01 * time, 0.01 * time + 1.3 + 0.05 * np.cos(omega * time)
    observables = {name: np.full(time.size, 0.1) for name in ("potential_energy", "kinetic_energy", "conserved_energy")}
    observables["temperature_kelvin"] = np.full(time.size, 300.0)
    charges = np.tile([0.3, -0.3], (time.size, 1))
    state = time, x, np.gradient(x, time, axis=0), observables, np.zeros((3, 3)), np.array([1, 17])
    folder = write_run(tmp_path / "hcl", *state, {"kind": "nve"}, np.array([1.008, 35.45]), charges)
    rate = 0.5 * (0.3 * 0.05 * omega / FS) ** 2  # ⟨|dμ/dt|²⟩
    expected = np.pi * KE / (3 * LIGHT**2 * KELVIN_EV * 300) * rate / KM_PER_MOL
    section = run_report.infrared(read_recorded(folder))
    found = re.search(r"that of all ([0-9.e+]+) km/mol.*mean dipole 0.39 e Å.*300 K", section.html())
    assert found
    assert float(found[1]) == pytest.approx(expected, rel=0.03)


def test_a_piston_has_a_section(gas, tmp_path):
    folder, rng = shutil.copytree(gas, tmp_path / "npt"), np.random.default_rng(1)
    told = json.loads((folder / "settings.json").read_text())
    told["ensemble"] = {"kind": "npt", "temperature_kelvin": 300.0, "pressure_gpa": 0.2}
    (folder / "settings.json").write_text(json.dumps(told))
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    lines = [
        line | {"pressure_gpa": 0.2 + noise, "volume_angstrom3": 2744 + 300 * noise, "density_g_per_cm3": 1.0}
        for line, noise in zip(lines, rng.normal(0, 0.1, len(lines)), strict=True)
    ]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    recorded = read_recorded(folder)
    found = text_of(run_report.volume(recorded).html())
    volume = recorded.settled["volume_angstrom3"]
    pressure = series_statistics(recorded.settled["pressure_gpa"])
    expected = [show(x) for x in (pressure.mean, pressure.error, pressure.deviation, 0.2)]
    assert row(found, "pressure (GPa)") == expected
    assert row(found, "volume (Å³)")[0] == show(float(volume.mean()))
    assert row(found, "compressibility (1/GPa)")[:2] == [show(x) for x in compressibility_per_gpa(volume, 300.0)]


def test_a_ramp_has_no_target(gas, tmp_path):
    folder = shutil.copytree(gas, tmp_path / "ramp")
    told = json.loads((folder / "settings.json").read_text())
    told["ensemble"]["temperature_kelvin"] = {"from": 100.0, "to": 300.0}
    (folder / "settings.json").write_text(json.dumps(told))
    found = text_of(report_of(folder).html())
    assert row(found, "temperature (K)")[2] == "–"
    assert "not that of the bath" not in found


def test_what_is_impossible_is_named(text):
    for name, why in (
        ("pressure and volume", "The cell did not move"),
        ("infrared spectrum", "Charges were not recorded"),
    ):
        assert why in row(text, name)[0]


def test_an_analysis_that_fails_costs_nothing_else(gas, monkeypatch):
    def broken(recorded):
        raise RuntimeError("oops")

    monkeypatch.setitem(run_report.SECTIONS, "temperature", broken)
    found = text_of(report_of(gas).html())
    assert "failed: RuntimeError: oops" in row(found, "temperature")[0]
    assert row(found, "drift")


def test_a_page_that_cannot_be_made_is_a_sentence(tmp_path):
    told: list[str] = []
    try_report(tmp_path, told.append)
    assert "holds no run" in told[0]
    assert "The run is safe" in told[0]


def test_a_short_run_of_a_molecule_has_a_page_too(trained, tmp_path, capsys, failing):
    """Too short for nearly everything; `eukrates analyse` makes the page again, and anew where the run was stopped."""
    ase.io.write(tmp_path / "start.xyz", Atoms("CuAl2", [[0.0, 0.0, 0.0], [2.6, 0.0, 0.0], [1.3, 2.3, 0.0]]))
    folder, choices = tmp_path / "md", Simulation(temperature_kelvin=50, time_ps=0.02)
    simulate(trained / "best.safetensors", tmp_path / "start.xyz", folder, choices)
    first = text_of((folder / "report.html").read_text(encoding="utf-8"))
    assert "Finished: 0.02 ps, 40 steps" in first
    assert "3 frames are too few" in row(first, "temperature")[0]
    assert "not periodic" in row(first, "diffusion")[0]
    assert first.count("Al-Cu |") == 2  # distances and bonds
    assert "Stability coefficient 1.000" in first
    with (folder / "log.jsonl").open("a") as log:
        log.write(json.dumps({"step": 40, "note": "Stopped: it became too hot."}) + "\n")
    assert run(["analyse", str(folder)]) == 0
    assert "Wrote" in capsys.readouterr().out
    again = text_of((folder / "report.html").read_text(encoding="utf-8"))
    assert "Stopped: it became too hot." in again
    assert "Finished" not in again
    assert "holds no run" in failing("analyse", tmp_path)
