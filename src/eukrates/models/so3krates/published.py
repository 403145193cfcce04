"""The published parameters of SO3LR, by the names of the original program, put into our model."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from eukrates.elements import SPECIES
from eukrates.models.rows import Arrays, Row, field, filled
from eukrates.models.so3krates.model import SO3krates
from eukrates.models.so3krates.so3lr import SO3LR

ELEMENTS = ("H", "C", "N", "O", "F", "P", "S", "Cl")  # those of the training data; rows of others were never trained
BASES = {"bernstein": "bernstein", "phys": "physnet", "rbf": "gaussian", "bessel": "bessel"}
CUTOFFS = {"phys": "polynomial", "cosine": "cosine"}


def so3lr(arrays: Arrays, hyperparameters: Mapping[str, Any]) -> SO3LR:
    """The model of published arrays ("params/layers_0/…": float32) and of the `hyperparameters.json` beside them.

    Raises:
        ValueError: an architecture that ours cannot be, arrays that are missing, left over, or of another shape.
    """
    model = SO3LR(
        _network(hyperparameters),
        width=_number(hyperparameters, "electrostatic_energy_scale"),
        damping=_number(hyperparameters, "dispersion_energy_scale"),
    )
    return filled(model, _rows(model.network), arrays)


def _network(hyperparameters: Mapping[str, Any]) -> SO3krates:
    m = hyperparameters["model"]
    fixed = {
        "activation_fn": "silu",
        "energy_activation_fn": "silu",
        "message_normalization": "avg_num_neighbors",
        "zbl_repulsion_bool": True,
        "electrostatic_energy_bool": True,
        "dispersion_energy_bool": True,
        "energy_regression_dim": m["num_features"],
        "layer_normalization_2": m["layer_normalization_1"],
    }
    for name, expected in fixed.items():
        if m[name] != expected:
            raise ValueError(f"Expected {name} = {expected!r} in the hyperparameters of SO3LR, got {m[name]!r}.")
    if m["qk_non_linearity"] not in ("identity", "silu"):
        raise ValueError(f"Expected qk_non_linearity identity or silu, got {m['qk_non_linearity']!r}.")
    return SO3krates(
        ELEMENTS,
        features=m["num_features"],
        layers=m["num_layers"],
        heads=m["num_heads"],
        degrees=m["degrees"],
        cutoff=m["cutoff"],
        radial_basis=BASES[m["radial_basis_fn"]],
        basis_size=m["num_radial_basis_fn"],
        cutoff_function=CUTOFFS[m["cutoff_fn"]],
        neighbours=hyperparameters["data"]["avg_num_neighbors"],
        residuals=(m["residual_mlp_1"], m["residual_mlp_2"]),
        layer_norm=m["layer_normalization_1"],
        activate_qk=m["qk_non_linearity"] == "silu",
        charge=m["use_charge_embed"],
        spin=m["use_spin_embed"],
        partial_charges=True,
        hirshfeld_ratios=True,
        key=jax.random.key(0),
    )


def _number(hyperparameters: Mapping[str, Any], name: str) -> float:
    return float(hyperparameters["model"][name])


def _rows(network: SO3krates) -> list[Row]:
    rows: list[Row] = [_table(lambda n: n.embedding.table, "feature_embeddings_0/Embed_0")]
    embeddings = [name for name in ("charge_embedding", "spin_embedding") if getattr(network, name) is not None]
    for n, name in enumerate(embeddings, 1):
        base, place = f"feature_embeddings_{n}/ChargeSpinEmbedSparse_0", field(lambda n: n, name)
        rows += [
            _table(field(place, part), f"{base}/Embed_{k}") for k, part in enumerate(("elements", "keys", "values"))
        ]
        rows += _mlp(field(place, "residual"), f"{base}/Residual_0/layers_0", f"{base}/Residual_0/layers_1", bias=False)
    for t in range(network.layers):
        rows += _layer(network, t)
    energy, charges = "observables_0", "observables_0/electrostatic_energy/partial_charges"
    rows += _mlp(lambda n: n.readout, f"{energy}/energy_dense_regression", f"{energy}/energy_dense_final")
    rows += [_row(lambda n: n.scales, f"{energy}/atomic_scales"), _row(lambda n: n.offsets, f"{energy}/energy_offset")]
    rows += _zbl(f"{energy}/zbl_repulsion")
    rows += _mlp(
        lambda n: n.charge_head.mlp, f"{charges}/charge_dense_regression_vec", f"{charges}/charge_dense_final_vec"
    )
    rows += [_table(lambda n: n.charge_head.offsets, f"{charges}/Embed_0", flat=True)]
    ratios = "observables_2"
    names = (f"{ratios}/hirshfeld_ratios_dense_regression", f"{ratios}/hirshfeld_ratios_dense_final")
    rows += _mlp(lambda n: n.hirshfeld_head.mlp, *names)
    rows += [_table(lambda n: n.hirshfeld_head.offsets, f"{ratios}/Embed_0", flat=True)]
    rows += [_table(lambda n: n.hirshfeld_head.elements, f"{ratios}/Embed_1")]
    return [(lambda m, place=place: place(m.network), get) for place, get in rows]


def _layer(network: SO3krates, t: int) -> list[Row]:
    block, layer, attention = (lambda n: n.blocks[t]), f"layers_{t}", f"layers_{t}/attention_block"
    rows: list[Row] = [_row(lambda n: block(n).values.weight, f"{attention}/Wv1")]
    for b in (0, 1):
        for kind in ("radial", "spherical"):
            place = lambda n, b=b, kind=kind: getattr(block(n).filters[b], kind)
            rows += _mlp(place, *_two(f"{attention}/{kind}_filter{b + 1}_layer_"))
        rows.append(_row(lambda n, b=b: block(n).queries[b].weight, f"{attention}/Wq{b + 1}"))
        rows.append(_row(lambda n, b=b: block(n).keys[b].weight, f"{attention}/Wk{b + 1}"))
        if network.layer_norm:
            norm = f"{layer}/layer_normalization_{b + 1}"
            rows.append(_row(lambda n, b=b: block(n).norms[b].scale, f"{norm}/scale"))
            rows.append(_row(lambda n, b=b: block(n).norms[b].bias, f"{norm}/bias"))
        if network.residuals[b]:
            rows += _mlp(lambda n, b=b: block(n).residuals[b], *_two(f"{layer}/res_mlp_{b + 1}_layer_"))
    return rows + _dense(lambda n: block(n).exchange, f"{layer}/exchange_block/mlp_layer_2")


def _two(stem: str) -> tuple[str, str]:
    return f"{stem}1", f"{stem}2"


def _zbl(base: str) -> list[Row]:
    four = lambda letter: lambda arrays: np.concatenate([arrays[f"params/{base}/{letter}{k}"] for k in (1, 2, 3, 4)])
    one = lambda letter: lambda arrays: arrays[f"params/{base}/{letter}"][0]
    fields = {"exponents": four("a"), "weights": four("c"), "power": one("p"), "inverse_length": one("d")}
    return [(lambda n, name=name: getattr(n.repulsion, name), get) for name, get in fields.items()]


def _row(place, path: str) -> Row:
    return place, lambda arrays: arrays[f"params/{path}"]


def _dense(place, path: str, bias: bool = True) -> list[Row]:
    parts = ("kernel", "bias") if bias else ("kernel",)
    return [_row(field(place, part), f"{path}/{part}") for part in parts]


def _mlp(place, first: str, second: str, bias: bool = True) -> list[Row]:
    return _dense(field(place, "first"), first, bias) + _dense(field(place, "second"), second, bias)


def _table(place, path: str, flat: bool = False) -> Row:
    """A table by atomic number; elements that theirs does not have get zeros."""

    def get(arrays: Arrays) -> np.ndarray:
        table = arrays[f"params/{path}/embedding"]
        table = table[:, 0] if flat else table
        whole = np.zeros((len(table) if len(table) in (2, SPECIES) else SPECIES, *table.shape[1:]), table.dtype)
        whole[: len(table)] = table
        return whole

    return place, get
