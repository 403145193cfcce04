"""The published parameters of SpookyNet, by the names of the original program, put into our model."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from eukrates.models.rows import Arrays, Noted, Row, field, filled
from eukrates.models.spookynet.choices import RESIDUALS
from eukrates.models.spookynet.dense import Activation, Linear, ResidualMLP, Stack
from eukrates.models.spookynet.embedding import LinearElectronEmbedding
from eukrates.models.spookynet.model import EVERY, SpookyNet
from eukrates.numerics import cast
from eukrates.physics.d4_tables import D4Parameters, D4Tables

BASIS = "radial_basis_functions"
CONSTANTS = {"log_binomials": "logc", "centres": "center", "width": "width", "waves": "factor"}  # of bases
D4 = "d4_dispersion_energy"
ZBL = "zbl_repulsion_energy"
THRESHOLD = 1e-8  # of its D4
YEAR = 2014  # of its physical constants
REQUIRED = (
    "num_features",
    "num_modules",
    "cutoff",
    "basis_functions",
    "num_basis_functions",
    "exp_weighting",
    "activation",
    *(f"num_residual_{name}" for name in RESIDUALS),
    "module_keep_prob",
    "use_zbl_repulsion",
    "use_electrostatics",
    "use_d4_dispersion",
)


def spookynet(arrays: Arrays, hyperparameters: Mapping[str, Any]) -> SpookyNet:
    """The model of published arrays ("module.0.residual_pre…") and hyperparameters.

    Its precision is the highest of the arrays it takes: tables in float64 keep their digits beside float32 weights.

    Raises:
        ValueError: hyperparameters that are missing, an architecture that ours cannot be, arrays that are missing, left
            over, or of another shape.
    """
    model, used = _empty(hyperparameters), Noted(arrays)
    _check_derived(model, used)
    if "Zmax" in hyperparameters:
        _check_elements(hyperparameters["Zmax"], used, model.dispersion)
    if model.dispersion:
        used[f"{D4}.alpha"]  # static polarizabilities: ours are computed from what they come from
    rows = _rows(model)
    taken = [get(used).dtype for _, get in rows]
    dtype = np.result_type(*[kind for kind in taken if np.issubdtype(kind, np.floating)])
    return filled(cast(model, dtype), rows, used, dtype)


def _empty(given: Mapping[str, Any]) -> SpookyNet:
    if missing := [name for name in REQUIRED if name not in given]:
        raise ValueError(
            f"The hyperparameters of SpookyNet lack {', '.join(missing)}: expected all that the program stores with "
            "its parameters. Is this the whole file?"
        )
    irreps, nonlinear = given.get("use_irreps", False), given.get("use_nonlinear_embedding", True)  # of older files
    reach = given.get("lr_cutoff")
    return SpookyNet(
        EVERY,
        features=given["num_features"],
        layers=given["num_modules"],
        cutoff=given["cutoff"],
        far_cutoff=np.inf if reach is None else reach,
        radial_basis=given["basis_functions"],
        basis_size=given["num_basis_functions"],
        exp_weighting=given["exp_weighting"],
        activation=given["activation"],
        residuals={name: given[f"num_residual_{name}"] for name in RESIDUALS},
        irreps=irreps,
        attention="exact" if given.get("exact_attention", False) else "favor+",
        electrons="nonlinear" if nonlinear else "linear",
        keep_probability=given["module_keep_prob"],
        zbl=given["use_zbl_repulsion"],
        electrostatics="cutoff" if given["use_electrostatics"] else "none",
        dispersion=given["use_d4_dispersion"],
        dispersion_threshold=THRESHOLD,
        codata=YEAR,
        key=jax.random.key(0),
    )


def _check_derived(model: SpookyNet, arrays: Arrays) -> None:
    """What the file states twice must agree with what follows from the hyperparameters."""
    k = np.arange(model.basis_size)
    derived = {"keep_prob": model.keep_probability ** (1 / max(model.layers - 1, 1))}
    if "bernstein" in model.radial_basis:
        derived |= {f"{BASIS}.n": k[::-1], f"{BASIS}.v": k}
    if f"{BASIS}.cutoff" in arrays:
        derived[f"{BASIS}.cutoff"] = model.cutoff
    for name, expected in derived.items():
        if not np.allclose(arrays[name], expected, rtol=1e-6):
            raise ValueError(f"Expected {name} = {expected} with these hyperparameters, found {arrays[name]}.")


def _check_elements(zmax: int, arrays: Arrays, dispersion: bool) -> None:
    """As many rows, from atomic number 0, as the hyperparameters state."""
    names = ["nuclear_embedding.element_embedding", "nuclear_embedding.electron_config", "element_bias"]
    for name in [*names, f"{D4}.zeff"] if dispersion else names:
        rows = len(arrays[name])
        if rows != zmax:
            raise ValueError(
                f"Expected {zmax} rows of elements in {name}, the Zmax of the hyperparameters, got {rows}: take arrays "
                "and hyperparameters from the same file."
            )


def _rows(model: SpookyNet) -> list[Row]:
    nuclei = lambda m: m.embedding.nuclei
    rows: list[Row] = [
        _row(lambda m: nuclei(m).table, "nuclear_embedding.element_embedding"),
        _row(lambda m: nuclei(m).configurations.table, "nuclear_embedding.electron_config"),
        *_linear(lambda m: nuclei(m).mixing, model.embedding.nuclei.mixing, "nuclear_embedding.config_linear"),
        *_electrons(lambda m: m.embedding.charge, model.embedding.charge, "charge_embedding"),
        *_electrons(lambda m: m.embedding.spin, model.embedding.spin, "magmom_embedding"),
        *_linear(lambda m: m.heads.weights, model.heads.weights, "output"),
        _row(lambda m: m.heads.offsets, "element_bias"),
    ]
    if model.basis.decay is not None:
        rows.append(_row(lambda m: m.basis.decay, f"{BASIS}._alpha"))
    for ours, theirs in CONSTANTS.items():
        if getattr(model.basis.constants, ours) is not None:
            rows.append(_row(field(lambda m: m.basis.constants, ours), f"{BASIS}.{theirs}"))
    for t, layer in enumerate(model.blocks):
        rows += _layer(lambda m, t=t: m.blocks[t], layer, f"module.{t}")
    rows += _zbl() if model.zbl else []
    return rows + (_d4() if model.dispersion else [])


def _electrons(place, embedding, path: str) -> list[Row]:
    part = lambda ours, theirs: _linear(field(place, ours), getattr(embedding, ours), f"{path}.{theirs}")
    mlp = lambda ours, theirs: _mlp(field(place, ours), getattr(embedding, ours), f"{path}.{theirs}")
    if isinstance(embedding, LinearElectronEmbedding):
        return [
            *part("queries", "linear_q"),
            *part("keys", "linear_k"),
            *part("values", "linear_v"),
            *mlp("residual", "resblock"),
        ]
    return [
        *part("queries", "linear_q"),
        *part("keys", "featurize_k"),
        *part("values", "featurize_v"),
        *mlp("key_residual", "resblock_k"),
        *mlp("value_residual", "resblock_v"),
    ]


def _layer(place, layer, path: str) -> list[Row]:
    local, near = f"{path}.local_interaction", field(place, "local")
    rows = _stack(field(place, "before"), layer.before, f"{path}.residual_pre")
    rows += _stack(field(place, "after"), layer.after, f"{path}.residual_post")
    rows += _mlp(field(place, "out"), layer.out, f"{path}.resblock")
    for name, mlp in layer.local.branches.items():
        rows += _mlp(lambda m, name=name: near(m).branches[name], mlp, f"{local}.resblock_{name}")
    rows += _mlp(field(near, "out"), layer.local.out, f"{local}.resblock")
    maps = [f"{local}.radial_{order}.weight" for order in "spd"]
    rows.append((lambda m: near(m).radial.kernel, lambda arrays: np.concatenate([arrays[name] for name in maps]).T))
    for n, order in enumerate("pd"):
        one = lambda m, n=n: near(m).projections[n]
        rows += _linear(one, layer.local.projections[n], f"{local}.projection_{order}")
    distant, far = f"{path}.nonlocal_interaction", field(place, "distant")
    for name, mlp in layer.distant.branches.items():
        rows += _mlp(lambda m, name=name: far(m).branches[name], mlp, f"{distant}.resblock_{name}")
    if hasattr(layer.distant.attention, "directions"):
        rows.append(_row(lambda m: far(m).attention.directions.omega, f"{distant}.attention.omega"))
    return rows


def _mlp(place, mlp: ResidualMLP, path: str) -> list[Row]:
    return [
        *_stack(field(place, "stack"), mlp.stack, f"{path}.residual"),
        *_activation(field(place, "activation"), mlp.activation, f"{path}.activation"),
        *_linear(field(place, "last"), mlp.last, f"{path}.linear"),
    ]


def _stack(place, stack: Stack, path: str) -> list[Row]:
    rows = []
    for n, block in enumerate(stack.layers):
        one, here = lambda m, n=n: place(m).layers[n], f"{path}.stack.{n}"
        for k, name in enumerate(("first", "second")):
            act = lambda m, one=one, k=k: one(m).activations[k]
            rows += _activation(act, block.activations[k], f"{here}.activation{k + 1}")
            rows += _linear(field(one, name), getattr(block, name), f"{here}.linear{k + 1}")
    return rows


def _activation(place, activation: Activation, path: str) -> list[Row]:
    return [_row(field(place, name), f"{path}.{name}") for name in ("alpha", "beta")]


def _linear(place, linear: Linear, path: str) -> list[Row]:
    rows = [(field(place, "kernel"), lambda arrays: arrays[f"{path}.weight"].T)]
    return rows if linear.bias is None else [*rows, _row(field(place, "bias"), f"{path}.bias")]


def _zbl() -> list[Row]:
    four = lambda letter: lambda arrays: np.concatenate([arrays[f"{ZBL}._{letter}{n}"] for n in (1, 2, 3, 4)])
    one = lambda name: lambda arrays: arrays[f"{ZBL}._{name}"][0]
    fields = {"exponents": four("a"), "weights": four("c"), "power": one("apow"), "inverse_length": one("adiv")}
    return [(field(lambda m: m.repulsion, name), get) for name, get in fields.items()]


def _d4() -> list[Row]:
    parameters = lambda m: m.dispersive.parameters
    rows = [_row(field(parameters, f.name), f"{D4}._{f.name}") for f in dataclasses.fields(D4Parameters)]
    tables = lambda m: m.dispersive.tables
    return rows + [_row(field(tables, f.name), f"{D4}.{f.name}") for f in dataclasses.fields(D4Tables)]


def _row(place, path: str) -> Row:
    return place, lambda arrays: arrays[path]
