"""Reading: keys, units, absence, faults."""

import ase
import ase.io
import h5py
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from eukrates.data import Units, read
from eukrates.units import BOHR, DEBYE, GPA, HARTREE, KCAL_PER_MOL


def water(rng, **info) -> ase.Atoms:
    atoms = ase.Atoms("OH2", np.array([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]) + 0.05 * rng.normal(size=(3, 3)))
    atoms.info.update(info)
    return atoms


def with_results(atoms, **results):
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def save(tmp_path, frames, name="data.extxyz"):
    path = tmp_path / name
    ase.io.write(str(path), frames, format="extxyz")
    return path


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_calculator_results_and_plain_keys_are_both_found(tmp_path, rng):
    forces = rng.normal(size=(3, 3))
    a = with_results(water(rng), energy=-10.0, forces=forces)
    b = water(rng, REF_energy=-20.0)
    b.arrays["REF_forces"] = forces
    calculator, plain = read(save(tmp_path, [a], "a.xyz")), read(save(tmp_path, [b], "b.xyz"))
    assert calculator.keys["energy"] == "energy"
    assert plain.keys == {"energy": "REF_energy", "forces": "REF_forces"}
    assert (calculator[0].energy, plain[0].energy) == (-10.0, -20.0)
    np.testing.assert_allclose(calculator[0].forces, forces, atol=1e-7)
    np.testing.assert_allclose(plain[0].forces, forces, atol=1e-7)


def test_absent_labels_are_none_and_counted(tmp_path, rng):
    frames = [with_results(water(rng), energy=-1.0, forces=np.zeros((3, 3))), with_results(water(rng), energy=-2.0)]
    data = read(save(tmp_path, frames))
    assert data[1].forces is None
    assert data[0].dipole is None
    assert data[0].system.charge is None
    assert data.counts["energy"] == 2
    assert data.counts["forces"] == 1
    assert data.counts["charge"] == 0
    assert "forces" in data.describe()
    assert "1" in data.describe()


def test_two_keys_with_different_values_are_refused_and_a_choice_settles_it(tmp_path, rng):
    path = save(tmp_path, [with_results(water(rng, REF_energy=-5.0), energy=-4.0)])
    with pytest.raises(ValueError, match=r"ambiguous: 'REF_energy' and 'energy'.*keys="):
        read(path)
    assert read(path, keys={"energy": "energy"})[0].energy == -4.0
    assert read(path, keys={"energy": "REF_energy"})[0].energy == -5.0


def test_two_keys_with_equal_values_are_fine(tmp_path, rng):
    data = read(save(tmp_path, [with_results(water(rng, REF_energy=-5.0), energy=-5.0)]))
    assert data.keys["energy"] == "REF_energy"


def test_a_key_that_is_nowhere_names_its_near_misses(tmp_path, rng):
    path = save(tmp_path, [water(rng, dft_energy=-5.0)])
    with pytest.raises(ValueError, match=r"'dft_enrgy' for energy is in no frame.*dft_energy"):
        read(path, keys={"energy": "dft_enrgy"})
    with pytest.raises(ValueError, match=r"Unknown label 'energies'.*Did you mean 'energy'"):
        read(path, keys={"energies": "dft_energy"})
    assert read(path).counts["energy"] == 0
    assert read(path).sources[0].unread == {"dft_energy": 1}


def test_units_are_converted_and_forces_follow(tmp_path, rng):
    forces = rng.normal(size=(3, 3))
    frame = with_results(water(rng, REF_dipole=np.array([1.0, 0, 2.0])), energy=-3.0, forces=forces)
    path = save(tmp_path, [frame])
    data = read(path, units={"energy": "Hartree", "length": "Bohr", "dipole": "Debye"})
    sample = data[0]
    assert sample.energy == pytest.approx(-3 * HARTREE)
    np.testing.assert_allclose(sample.forces, forces * HARTREE / BOHR, rtol=1e-6)
    np.testing.assert_allclose(sample.system.positions, frame.positions * BOHR, atol=1e-7)
    np.testing.assert_allclose(sample.dipole, np.array([1, 0, 2]) * DEBYE)
    assert "Hartree" in data.describe()
    assert "declared" in data.describe()
    other = read(path, units=Units(energy="kcal/mol", forces="eV/Angstrom"))[0]
    assert other.energy == pytest.approx(-3 * KCAL_PER_MOL)
    np.testing.assert_allclose(other.forces, forces, atol=1e-7)
    with pytest.raises(ValueError, match="Unknown unit of energy 'parsec'"):
        read(path, units={"energy": "parsec"})
    with pytest.raises(ValueError, match="Unknown quantity force"):
        read(path, units={"force": "eV/Angstrom"})


def test_stress_in_gpa_virial_and_voigt_orders(tmp_path, rng):
    sigma = rng.normal(size=(3, 3)) * 1e-2
    sigma += sigma.T
    cell = np.diag([5.0, 6.0, 7.0])
    voigt = np.array([sigma[0, 0], sigma[1, 1], sigma[2, 2], sigma[1, 2], sigma[0, 2], sigma[0, 1]])
    vasp = np.array([sigma[0, 0], sigma[1, 1], sigma[2, 2], sigma[0, 1], sigma[1, 2], sigma[0, 2]])

    def stress(units=None, keys=None, **info):
        atoms = water(rng, **info)
        atoms.set_cell(cell)
        atoms.pbc = True
        return read(save(tmp_path, [atoms]), keys=keys, units=units)[0].stress

    near = {"atol": 1e-9}
    np.testing.assert_allclose(stress(REF_stress=voigt), sigma, **near)
    np.testing.assert_allclose(stress(REF_stress=sigma), sigma, **near)
    np.testing.assert_allclose(stress({"stress": "GPa"}, REF_stress=voigt / GPA), sigma, **near)
    np.testing.assert_allclose(stress(REF_virial=-sigma * 210.0), sigma, **near)
    with pytest.raises(ValueError, match=r"'REF_virial' and declared as 'GPa', .* a virial is an energy"):
        stress({"stress": "GPa"}, REF_virial=-sigma * 210.0)
    with pytest.raises(ValueError, match=r"under compression: a virial is an energy"):
        stress({"stress_positive": "compression"}, REF_virial=-sigma * 210.0)
    with pytest.raises(ValueError, match="leave out stress_positive"):
        stress({"stress": "virial", "stress_positive": "compression"}, REF_virial=-sigma * 210.0)
    kbar = {"stress": "kbar", "stress_positive": "compression", "voigt": "xx yy zz xy yz xz"}
    np.testing.assert_allclose(stress(kbar, {"stress": "vasp_stress"}, vasp_stress=-vasp / GPA * 10), sigma, **near)


def test_stress_of_a_molecule_is_left_out_and_said(tmp_path, rng):
    data = read(save(tmp_path, [with_results(water(rng), energy=0.0, stress=np.ones(6))]))
    assert data[0].stress is None
    assert "not periodic" in data.describe()


def test_charge_spin_and_multiplicity(tmp_path, rng):
    data = read(save(tmp_path, [water(rng, total_charge=1, spin=1)]))
    assert data[0].system.charge[0] == 1
    assert data[0].system.spin[0] == 1
    assert "unpaired" in data.describe()
    path = save(tmp_path, [water(rng, charge=0, multiplicity=3)])
    assert read(path)[0].system.spin[0] == 2
    path = save(tmp_path, [water(rng, charge=0, label=3)])
    assert read(path, keys={"multiplicity": "label"})[0].system.spin[0] == 2
    assert read(path, keys={"spin": "label"})[0].system.spin[0] == 3


def test_spin_that_must_be_a_multiplicity_is_refused_until_said(tmp_path, rng):
    path = save(tmp_path, [water(rng, charge=0, spin=1) for _ in range(3)])
    with pytest.raises(ValueError, match=r"keys=\{'multiplicity': 'spin'\}"):
        read(path)
    assert read(path, keys={"multiplicity": "spin"})[0].system.spin[0] == 0


def test_a_bad_frame_is_named_or_collected(tmp_path, rng):
    frames = [with_results(water(rng), energy=-1.0, forces=np.zeros((3, 3))) for _ in range(6)]
    frames[2].positions[1, 0] = np.nan
    frames[4].calc.results["forces"] = np.full((3, 3), np.inf)
    path = save(tmp_path, frames)
    with pytest.raises(ValueError, match=r"data.extxyz#2: positions are not finite.*atoms 1"):
        read(path)
    data = read(path, on_error="collect")
    assert len(data) == 4
    assert [f.frame for f in data.faults] == [2, 4]
    assert data.samples[-1].name == "data.extxyz#5"


def test_a_broken_line_does_not_hide_the_other_frames(tmp_path, rng):
    path = save(tmp_path, [with_results(water(rng), energy=-float(n)) for n in range(4)])
    lines = path.read_text().splitlines()
    lines[5 + 3] = "H 0.1 oops"
    path.write_text("\n".join(lines) + "\n")
    data = read(path, on_error="collect")
    assert [s.energy for s in data] == [0.0, -2.0, -3.0]
    assert data.faults[0].frame == 1
    path.write_text("\n".join(lines[:-2]) + "\n")
    assert [f.frame for f in read(path, on_error="collect").faults] == [1, 3]


def test_npz_of_md17_needs_units_and_converts(tmp_path, rng):
    r, e, f = rng.normal(size=(5, 3, 3)), rng.normal(size=(5, 1)), rng.normal(size=(5, 3, 3))
    content = {"R": r, "E": e, "F": f, "z": np.array([8, 1, 1], np.uint8), "name": np.array("water")}
    path = tmp_path / "water.npz"
    np.savez(path, **content)
    with pytest.raises(ValueError, match="does not state its units"):
        read(path)
    data = read(path, units={"energy": "kcal/mol"})
    assert data.keys == {"energy": "E", "forces": "F"}
    assert data[2].energy == pytest.approx(e[2, 0] * KCAL_PER_MOL)
    np.testing.assert_allclose(data[2].forces, f[2] * KCAL_PER_MOL)
    np.savez(path, **content, e_unit=np.array("kcal/mol"), r_unit=np.array("Ang"))
    assert read(path)[2].energy == data[2].energy
    with pytest.raises(ValueError, match="states its unit of energy as 'kcal/mol'"):
        read(path, units={"energy": "eV"})


def test_npz_with_padded_atoms_and_charge(tmp_path, rng):
    z = np.array([[8, 1, 1], [8, 1, 0]])
    f = rng.normal(size=(2, 3, 3))
    content = {"R": rng.normal(size=(2, 3, 3)), "F": f, "E": np.zeros(2), "Z": z, "Q": np.array([0, -1])}
    path = tmp_path / "ions.npz"
    np.savez(path, **content)
    data = read(path, units=Units())
    assert [s.formula for s in data] == ["H2O", "HO"]
    assert data[1].system.charge[0] == -1
    np.testing.assert_array_equal(data[1].forces, f[1, :2])


def test_what_is_not_a_file_or_not_ours_says_so(tmp_path):
    with pytest.raises(ValueError, match="no file"):
        read(tmp_path / "nothing.xyz")
    (tmp_path / "empty.xyz").write_text("")
    with pytest.raises(ValueError, match="no structures"):
        read(tmp_path / "empty.xyz")
    (tmp_path / "text.xyz").write_text("hello\nworld\n")
    with pytest.raises(ValueError, match="number of atoms"):
        read(tmp_path / "text.xyz")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(ValueError, match="not in the layout of Eukrates"):
        read(tmp_path / "other.h5")
    (tmp_path / "false.h5").write_bytes(b"not hdf5")
    with pytest.raises(ValueError, match="cannot be read"):
        read(tmp_path / "false.h5")
