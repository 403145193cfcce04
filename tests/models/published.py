"""The published SO3LR network (weights as flat arrays, `params/` paths) put into our SO3krates, for parity tests."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from eukrates.models import SO3krates
from eukrates.numerics import cast

ELEMENTS = ("H", "C", "N", "O", "F", "P", "S", "Cl")


def so3lr_network(weights: dict[str, np.ndarray], neighbours: float) -> SO3krates:
    """The network and ZBL part of SO3LR in float64."""
    model = SO3krates(
        ELEMENTS,
        degrees=(1, 2, 3, 4),
        cutoff=4.5,
        cutoff_function="polynomial",
        neighbours=neighbours,
        charge=True,
        spin=True,
        key=jax.random.key(0),
    )
    filled = eqx.tree_at(
        lambda m: [place(m) for place, _ in _table()], model, [jnp.asarray(get(weights)) for _, get in _table()]
    )
    return cast(filled, "float64")


def _table():
    """(place in our model, array of theirs)."""
    rows = []

    def array(place, path):
        rows.append((place, lambda w: w[f"params/{path}"]))

    def dense(place, path, bias=True):
        array(lambda m: place(m).kernel, f"{path}/kernel")
        if bias:
            array(lambda m: place(m).bias, f"{path}/bias")

    array(lambda m: m.embedding.table, "feature_embeddings_0/Embed_0/embedding")
    for n, name in ((1, "charge_embedding"), (2, "spin_embedding")):
        base = f"feature_embeddings_{n}/ChargeSpinEmbedSparse_0"
        for k, field in enumerate(("elements", "keys", "values")):
            array(lambda m, name=name, field=field: getattr(getattr(m, name), field), f"{base}/Embed_{k}/embedding")
        dense(lambda m, name=name: getattr(m, name).residual.first, f"{base}/Residual_0/layers_0", bias=False)
        dense(lambda m, name=name: getattr(m, name).residual.second, f"{base}/Residual_0/layers_1", bias=False)
    for t in range(3):
        layer, attention = f"layers_{t}", f"layers_{t}/attention_block"
        for b in (0, 1):
            for kind in ("radial", "spherical"):
                for k, part in ((1, "first"), (2, "second")):
                    dense(
                        lambda m, t=t, b=b, kind=kind, part=part: getattr(getattr(m.blocks[t].filters[b], kind), part),
                        f"{attention}/{kind}_filter{b + 1}_layer_{k}",
                    )
            array(lambda m, t=t, b=b: m.blocks[t].queries[b].weight, f"{attention}/Wq{b + 1}")
            array(lambda m, t=t, b=b: m.blocks[t].keys[b].weight, f"{attention}/Wk{b + 1}")
            array(lambda m, t=t, b=b: m.blocks[t].norms[b].scale, f"{layer}/layer_normalization_{b + 1}/scale")
            array(lambda m, t=t, b=b: m.blocks[t].norms[b].bias, f"{layer}/layer_normalization_{b + 1}/bias")
        array(lambda m, t=t: m.blocks[t].values.weight, f"{attention}/Wv1")
        dense(lambda m, t=t: m.blocks[t].residuals[0].first, f"{layer}/res_mlp_1_layer_1")
        dense(lambda m, t=t: m.blocks[t].residuals[0].second, f"{layer}/res_mlp_1_layer_2")
        dense(lambda m, t=t: m.blocks[t].exchange, f"{layer}/exchange_block/mlp_layer_2")
    head = "observables_0"
    dense(lambda m: m.readout.first, f"{head}/energy_dense_regression")
    dense(lambda m: m.readout.second, f"{head}/energy_dense_final")
    array(lambda m: m.scales, f"{head}/atomic_scales")
    array(lambda m: m.offsets, f"{head}/energy_offset")
    zbl = f"params/{head}/zbl_repulsion"
    for field, letter in (("exponents", "a"), ("weights", "c")):
        get = lambda w, letter=letter: np.concatenate([w[f"{zbl}/{letter}{k}"] for k in (1, 2, 3, 4)])
        rows.append((lambda m, field=field: getattr(m.repulsion, field), get))
    rows.append((lambda m: m.repulsion.power, lambda w: w[f"{zbl}/p"][0]))
    rows.append((lambda m: m.repulsion.inverse_length, lambda w: w[f"{zbl}/d"][0]))
    return rows
