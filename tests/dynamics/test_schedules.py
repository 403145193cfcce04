"""Temperatures and pressures that change in the course of a run."""

import json

import ase
import numpy as np
import pytest
from dynamics_toys import Springs, grid

from eukrates.dynamics import NPT, NVE, Langevin, Ramp, Record, run
from eukrates.dynamics.ensembles import from_mapping, to_mapping
from eukrates.dynamics.schedules import schedule
from eukrates.units import FS


def test_a_ramp_is_linear_and_then_constant():
    ramp = Ramp(300.0, 600.0, 2.0)
    found = [float(ramp.at(ps * 1000 * FS)) for ps in (0.0, 0.5, 2.0, 7.0)]
    np.testing.assert_allclose(found, [300.0, 375.0, 600.0, 600.0], rtol=1e-6)
    now = NPT(ramp, pressure_gpa=Ramp(0.0, 1.0, 1.0)).at(1000 * FS)
    assert float(now.temperature_kelvin) == pytest.approx(450.0)
    assert float(now.pressure_gpa) == pytest.approx(1.0)


def test_files_and_command_lines_spell_ramps():
    assert schedule("300") == 300.0
    assert str(schedule("300:600:10")) == "300 to 600 over 10 ps"
    ensemble = from_mapping({"kind": "npt", "temperature_kelvin": "300:600:10", "pressure_gpa": 0.1})
    assert ensemble.temperature_kelvin.end == 600.0
    again = from_mapping(json.loads(json.dumps(to_mapping(ensemble))))
    assert to_mapping(again) == to_mapping(ensemble)
    for wrong in ("300:600", "hot", {"start": 300.0, "end": 600.0}):
        with pytest.raises(ValueError, match="Expected a"):
            schedule(wrong)
    with pytest.raises(ValueError, match="Unknown ensemble 'nvx'"):
        from_mapping({"kind": "nvx"})
    for numbers in ((300.0, 600.0, 0.0), (300.0, np.nan, 1.0)):
        with pytest.raises(ValueError, match="Expected a ramp"):
            Ramp(*numbers)


def test_the_highest_temperature_of_a_ramp_sets_the_bounds_and_the_first_the_start():
    bath = Langevin(Ramp(0.0, 2000.0, 1.0))
    assert bath.start_kelvin == 0.0
    assert bath.bound_kelvin == 20000.0
    assert NVE().start_kelvin is None
    with pytest.raises(ValueError, match="temperature_kelvin"):
        NPT(Ramp(0.0, 300.0, 1.0))
    with pytest.raises(ValueError, match="hottest_kelvin above"):
        Langevin(Ramp(300.0, 2000.0, 1.0), hottest_kelvin=1000.0)


def test_matter_follows_its_ramp():
    """60 oscillators in a stiff bath are as hot as it, within four errors of a mean over frames, half of them new."""
    home = grid((20, 1, 1), 20.0)
    start = ase.Atoms("C20", home)
    bath = Langevin(Ramp(100.0, 900.0, 2.0), friction_per_ps=100.0)
    log = run(Springs(home, 10.0), start, bath, 5000, 0.5, seed=1, record=Record(every=20, what=())).log
    target = np.clip(100.0 + 400.0 * log["time_fs"] / 1000, 100.0, 900.0)
    ratio = log["temperature_kelvin"] / target
    for part in np.array_split(ratio[20:], 4):  # 570 fs each: many times the memory of the bath, 10 fs
        assert abs(part.mean() - 1) < 4 * np.sqrt(2 / 60 / (part.size / 2))
