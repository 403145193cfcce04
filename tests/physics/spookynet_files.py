"""Reference outputs of the original SpookyNet as graphs, tables and parameters of our physics."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import eukrates
from eukrates.matter import batch, pad
from eukrates.numerics import cast, to_device
from eukrates.physics.d4_tables import D4Parameters, D4Tables
from eukrates.physics.zbl import ZBL
from eukrates.units import CODATA

CONSTANTS = CODATA[2014]
CUTOFF = 10 * CONSTANTS.bohr
ON, OFF = CUTOFF / 4, 3 * CUTOFF / 4
LEAST = 1e-8  # of D4's weights
TABLES = tuple(D4Tables.__dataclass_fields__)


def structures(ref):
    """The structures of a file, one after the other."""
    owner = ref["batch_seg"] if "batch_seg" in ref else np.zeros(len(ref["Z"]), int)
    cells = ref["cell"].reshape(-1, 3, 3) if "cell" in ref else [None] * (owner.max() + 1)
    return [eukrates.system(ref["Z"][owner == n], ref["R"][owner == n], cell) for n, cell in enumerate(cells)]


def graph_of(refs, far=np.inf, waves=None, near=CUTOFF):
    """All structures of the files as one padded graph in float64; atoms stand in the order of the files."""
    graphs = [eukrates.graph(s, near, far, waves) for ref in refs for s in structures(ref)]
    return to_device(cast(pad(batch(graphs)), "float64"))


def padded(values, graph):
    """Values of the atoms of the files as an array for the graph."""
    values = np.concatenate(values)
    return jnp.asarray(np.pad(values, (0, graph.system.atoms - len(values))))


def tables(arrays, prefix=""):
    """Of a file of weights or of the original's exact tables, in float64."""
    return D4Tables(**{name: np.asarray(arrays[prefix + name], np.float64) for name in TABLES})


def parameters(arrays, prefix):
    """s6, …, scaleq as they are stored, in float64."""
    names = tuple(D4Parameters.__dataclass_fields__)
    raw = tuple(np.asarray(arrays[prefix + name], np.float64) for name in names)
    return eqx.tree_at(lambda p: tuple(getattr(p, name) for name in names), D4Parameters(), raw)


def zbl(arrays, prefix, cutoff=CUTOFF):
    """The repulsion with stored constants, in float64."""
    four = lambda kind: np.concatenate([np.ravel(arrays[f"{prefix}{kind}{n}"]) for n in range(1, 5)]).astype(np.float64)
    one = lambda kind: np.float64(np.ravel(arrays[prefix + kind])[0])
    made = cast(ZBL(cutoff=cutoff, off=None, cutoff_function="exponential", codata=2014), "float64")
    raw = (four("a"), four("c"), np.asarray(one("apow")), np.asarray(one("adiv")))
    return eqx.tree_at(lambda z: (z.exponents, z.weights, z.power, z.inverse_length), made, raw)
