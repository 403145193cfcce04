"""Repulsion, Coulomb's law, its Ewald sum and D4 against the original SpookyNet, in double precision."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from spookynet_files import CONSTANTS, CUTOFF, LEAST, OFF, ON, graph_of, padded, parameters, tables, zbl

from eukrates.physics.d4 import d4
from eukrates.physics.damped_coulomb import damped_coulomb
from eukrates.physics.ewald_coulomb import published_ewald_coulomb
from eukrates.radial.cutoffs import exponential, switch


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module")
def cluster(shared):
    return dict(np.load(shared / "ref/spookynet/components/longrange_cluster16.npz"))


@pytest.fixture(scope="module")
def weights(shared):
    return dict(np.load(shared / "weights/spookynet/weights.npz"))


@pytest.fixture(scope="module")
def exact_tables(shared):
    return tables(dict(np.load(shared / "weights/spookynet/d4data.npz")))


def slopes(energies, charges, graph):
    """Energies of atoms, and derivatives of their sum by positions and charges."""

    def total(r, q):
        found = energies(q, eqx.tree_at(lambda g: g.system.positions, graph, r))
        return jnp.sum(found), found

    return jax.jit(jax.value_and_grad(total, argnums=(0, 1), has_aux=True))(graph.system.positions, charges)


def test_cutoff_and_switch(shared):
    ref = np.load(shared / "ref/spookynet/components/radial_activation.npz")
    for name, function in (
        ("cutoff", partial(exponential, cutoff=CUTOFF)),
        ("switch", partial(switch, on=ON, off=OFF)),
    ):
        np.testing.assert_allclose(function(jnp.asarray(ref["r"])), ref[f"{name}_f"], atol=1e-14)
        slope = jax.vmap(jax.grad(lambda r, f=function: f(r[None])[0]))(jnp.asarray(ref["r"]))
        np.testing.assert_allclose(slope, ref[f"{name}_df"], atol=1e-13)


@pytest.mark.parametrize("fit", ["default", "pretrained"])
def test_repulsion_of_a_cluster(cluster, fit):
    graph = graph_of([cluster])
    potential = zbl(cluster, f"zbl_{fit}_raw_")
    charges = padded([cluster["q"]], graph)
    (_, found), (force, _) = slopes(lambda q, g: potential(g).energies, charges, graph)
    np.testing.assert_allclose(found[:16], cluster[f"zbl_{fit}_e"], rtol=0, atol=1e-11)
    np.testing.assert_allclose(force[:16], cluster[f"zbl_{fit}_dR"], rtol=0, atol=1e-11)


@pytest.mark.parametrize("reach", ["None", "6.0"])
def test_coulomb_of_a_cluster(cluster, reach):
    graph, cutoff = graph_of([cluster]), np.inf if reach == "None" else float(reach)
    law = lambda q, g: damped_coulomb(q, g, ON, OFF, cutoff, CONSTANTS.coulomb)
    (_, found), (force, by_charge) = slopes(law, padded([cluster["q"]], graph), graph)
    for ours, name in ((found, "e"), (force, "dR"), (by_charge, "dq")):
        np.testing.assert_allclose(ours[:16], cluster[f"coulomb_lr{reach}_{name}"], rtol=0, atol=2e-13, err_msg=name)


@pytest.mark.parametrize("fit", ["default", "pretrained"])
@pytest.mark.parametrize("reach", ["None", "6.0"])
def test_dispersion_of_a_cluster(cluster, weights, exact_tables, fit, reach):
    graph, cutoff = graph_of([cluster]), np.inf if reach == "None" else float(reach)
    known = exact_tables if fit == "default" else tables(weights, "d4_dispersion_energy.")
    fitted = parameters(cluster, f"d4_{fit}_raw_")
    charges = padded([cluster["q"]], graph)
    law = lambda q, g: d4(q, g, known, fitted, cutoff, CONSTANTS, LEAST).energies
    (_, found), (force, by_charge) = slopes(law, charges, graph)
    for ours, name in ((found, "e"), (force, "dR"), (by_charge, "dq")):
        expected = cluster[f"d4_{fit}_lr{reach}_{name}"]
        np.testing.assert_allclose(ours[:16], expected, rtol=0, atol=2e-13, err_msg=name)
    atoms = jax.jit(lambda q, g: d4(q, g, known, fitted, cutoff, CONSTANTS, LEAST))(charges, graph)
    rounding = 1e-12 if fit == "default" else 2e-7  # the file's static polarisabilities are rounded for themselves
    np.testing.assert_allclose(atoms.c6[:16], cluster[f"d4_{fit}_lr{reach}_c6"], rtol=1e-12)
    np.testing.assert_allclose(atoms.polarizabilities[:16], cluster[f"d4_{fit}_lr{reach}_pol"], rtol=rounding)


def test_c6_between_reference_systems(cluster, weights, exact_tables):
    for fit, known in (("default", exact_tables), ("pretrained", tables(weights, "d4_dispersion_energy."))):
        alpha = known.polarizabilities(parameters(cluster, f"d4_{fit}_raw_").positive(jnp.float64)[-1])
        for names, (a, b) in {"H_C": (1, 6), "O_Ag": (8, 47)}.items():
            if f"d4_{fit}_refc6_{names}" in cluster:
                c6 = 3 / np.pi * np.einsum("w,aw,bw->ab", known.casimir_polder_weights, alpha[a], alpha[b])
                np.testing.assert_allclose(c6, cluster[f"d4_{fit}_refc6_{names}"], rtol=1e-12)


def test_every_pretrained_molecule_and_crystal(shared, weights):
    files = sorted((shared / "ref/spookynet/pretrained").glob("*.npz"))
    refs = [dict(np.load(f)) for f in files if "hessian" not in f.name]
    known, fitted = tables(weights, "d4_dispersion_energy."), parameters(weights, "d4_dispersion_energy._")
    compare(refs, zbl(weights, "zbl_repulsion_energy._"), known, fitted, rounding=1e-7)


@pytest.mark.parametrize("name", ["A_all_on", "B_old_style", "E_sinc_exactattn", "G_expgauss_weight_eleonly"])
def test_every_molecule_and_crystal_of_a_random_model(shared, exact_tables, name):
    folder = shared / "ref/spookynet/random"
    refs = [dict(np.load(f)) for f in sorted(folder.glob(f"{name}__*.npz")) if "weights" not in f.name]
    own, cutoff = dict(np.load(folder / f"{name}__weights.npz")), 5.0 if name.startswith("E") else CUTOFF
    whole = not name.startswith("G")
    fitted = parameters(own, "d4_dispersion_energy._") if whole else None
    if not whole:  # its molecules have the cutoff that its crystals state
        refs = [ref | {"lr_cutoff": np.float64(9.0)} for ref in refs]
    compare(refs, zbl(own, "zbl_repulsion_energy._", cutoff) if whole else None, exact_tables, fitted, cutoff)


def compare(refs, repulsion, known, fitted, cutoff=CUTOFF, rounding=2e-13):
    """Terms of atoms given the charges of the files; energies in eV, C6 in eV Å⁶, polarisabilities in Å³.

    The original has a table of static polarisabilities besides those it is made of, with a rounding of its own.
    """
    assert len(refs) >= 6
    for key in sorted({setting(ref) for ref in refs}, key=str):
        group = [ref for ref in refs if setting(ref) == key]
        far, waves, alpha = key
        graph = graph_of(group, far, waves, cutoff)
        charges = padded([ref["qa"] for ref in group], graph)
        numbers = (cutoff / 4, 3 * cutoff / 4, far)
        if alpha is None:
            law = lambda q, g, n=numbers: damped_coulomb(q, g, *n, CONSTANTS.coulomb)
        else:
            law = lambda q, g, n=numbers, a=alpha: published_ewald_coulomb(q, g, *n, a, CONSTANTS.coulomb)[1]
        found = {"ea_ele": jax.jit(law)(charges, graph)}
        if repulsion is not None:
            found["ea_rep"] = jax.jit(lambda g: repulsion(g).energies)(graph)
            atoms = jax.jit(lambda q, g, far=far: d4(q, g, known, fitted, far, CONSTANTS, LEAST))(charges, graph)
            found |= {"ea_vdw": atoms.energies, "c6": atoms.c6, "pa": atoms.polarizabilities}
        for name, ours in found.items():
            theirs = np.concatenate([ref[name] for ref in group])
            size = 1.0 if name.startswith("ea") else np.abs(theirs).max()
            ours = np.asarray(ours)[: len(theirs)]
            if not name.startswith("ea"):  # of an atom alone the original says nothing
                ours = np.where(theirs == 0, 0.0, ours)
            close = rounding if name == "pa" else 2e-13
            np.testing.assert_allclose(ours / size, theirs / size, rtol=0, atol=close, err_msg=f"{name} {key}")


def setting(ref):
    """Far cutoff, waves, and Ewald's parameter of a file."""
    far = float(ref["lr_cutoff"]) if "lr_cutoff" in ref else np.inf
    waves = tuple(ref["kmax"].tolist()) if "kmax" in ref else None
    return far, waves, float(ref["alpha"]) if "alpha" in ref else None


def test_ewald_sum_of_salt(shared):
    ref = dict(np.load(shared / "ref/spookynet/components/ewald_nacl8.npz"))
    graph = graph_of([ref], 8.0, tuple(ref["kmax"].tolist()))
    law = lambda q, g: published_ewald_coulomb(q, g, ON, OFF, 8.0, float(ref["alpha"]), CONSTANTS.coulomb)[1]
    (_, found), (force, by_charge) = slopes(law, padded([ref["q"]], graph), graph)
    np.testing.assert_allclose(found[:8], ref["e_real"] + ref["e_recip_minus_self"], rtol=0, atol=1e-11)
    np.testing.assert_allclose(force[:8], ref["dR"], rtol=0, atol=1e-11)
    np.testing.assert_allclose(by_charge[:8], ref["dq"], rtol=0, atol=1e-11)
