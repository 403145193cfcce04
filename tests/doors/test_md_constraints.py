"""`eukrates md` with rigid bonds, heavy hydrogen, and bonds that may break."""

import ase.io
import numpy as np
import yaml
from ase.build import molecule

from eukrates.app.cli import run
from eukrates.data.trajectory import read_h5md


def test_rigid_bonds_keep_their_length_and_hydrogen_is_heavy(ethanol_model, tmp_path, failing):
    water = molecule("H2O")
    ase.io.write(tmp_path / "water.xyz", water)
    files = [str(ethanol_model), str(tmp_path / "water.xyz"), "--folder", str(tmp_path / "md")]
    options = ["--rigid", "water", "--hydrogen-mass", "3", "--reactive", "--time", "0.02", "--every", "5"]
    assert run(["md", *files, *options, "--no-report"]) == 0
    found = read_h5md(tmp_path / "md" / "trajectory.h5")
    for pair in ((0, 1), (0, 2), (1, 2)):
        lengths = np.linalg.norm(found.frames.positions[:, pair[0]] - found.frames.positions[:, pair[1]], axis=1)
        np.testing.assert_allclose(lengths, water.get_distance(*pair), atol=1e-5)
    assert np.ptp(found.frames.positions, axis=0).max() > 0.01
    np.testing.assert_allclose(found.masses, [18.015 - 6, 3, 3], atol=1e-3)
    told = yaml.safe_load((tmp_path / "md" / "md.yaml").read_text())
    assert (told["rigid"], told["hydrogen_mass"]) == ("water", 3.0)
    assert told["watch"] == {"contact": 0.5, "bonds": None, "rho": None}
    again = ["md", "--resume", "--folder", tmp_path / "md"]
    assert "rigid ('water' there, 'hydrogens' here)" in failing(*again, "--rigid", "hydrogens")
    assert run([*map(str, again), "--reactive", "--time", "0.025", "--no-report"]) == 0


def test_constraints_that_are_not_there_leave_nothing(ethanol_model, tmp_path, failing):
    ase.io.write(tmp_path / "co.xyz", molecule("CO"))
    said = failing("md", ethanol_model, tmp_path / "co.xyz", "--folder", tmp_path / "md", "--rigid", "hydrogens")
    assert "there is no bond to hydrogen" in said
    assert not (tmp_path / "md").exists()
