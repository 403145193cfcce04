"""Makes src/eukrates/physics/d4_reference.npz from the sources of tad-dftd4 and tad-mctc, which it reads, not imports.

    pip download --no-deps --dest /tmp/d4 tad-dftd4==0.8.0 tad-mctc==0.11.3
    python docs/tables/d4_reference.py /tmp/d4/tad_dftd4*.whl /tmp/d4/tad_mctc*.whl

What the numbers are, where they are from and their licence: src/eukrates/physics/d4_reference.md.
"""

import ast
import sys
import zipfile
from pathlib import Path

import numpy as np

from eukrates.units import BOHR

ROWS = 87  # by atomic number, H to Rn; row 0 is padding
OTHERS = 18  # rows of elements that stand beside others in reference systems, up to Cl
FREQUENCIES = np.array(
    [1e-6, 0.05, *np.arange(1, 11) / 10, *np.arange(6, 11) / 5, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0]
)  # imaginary, hartree
HERE = Path(__file__).parents[2] / "src" / "eukrates" / "physics" / "d4_reference.npz"


class Source:
    """Lists of numbers in the modules of a wheel, by the names to which they are assigned."""

    def __init__(self, wheel: str):
        self.wheel = zipfile.ZipFile(wheel)

    def __call__(self, module: str, name: str) -> np.ndarray:
        """`name = [...]` or `name = torch.tensor([...], ...)`, anywhere in the module."""
        for node in ast.walk(ast.parse(self.wheel.read(module))):
            if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == [name]:
                value = node.value.args[0] if isinstance(node.value, ast.Call) else node.value
                return np.asarray(ast.literal_eval(value), np.float64)
        raise KeyError(f"{module} of {self.wheel.filename} assigns no {name}.")


def tables(dftd4: Source, mctc: Source) -> dict[str, np.ndarray]:
    """The arrays of `eukrates.physics.d4_tables.D4Tables`."""
    params, charges, data = "tad_dftd4/reference/d4/params.py", "tad_dftd4/reference/d4/charge_eeq.py", "tad_mctc/data"
    gaussians = dftd4(params, "refc")[:ROWS, :, None] > np.arange(3)  # how many Gaussians stand at a reference
    z = np.arange(ROWS)
    found = {
        "zeff": mctc(f"{data}/zeff.py", "_ZEFF"),
        "gam": mctc(f"{data}/hardness.py", "_GAM"),
        "rcov": mctc(f"{data}/radii.py", "_COV_2009") / BOHR,
        "en": mctc(f"{data}/en.py", "_PAULING"),
        "sqrt_r4r2": (0.5 * dftd4("tad_dftd4/data/r4r2.py", "_r4_over_r2")[:ROWS] * np.sqrt(z)) ** 0.25,
        "refsys": dftd4(params, "refsys"),
        "refh": dftd4(charges, "clsh"),
        "refq": dftd4(charges, "clsq"),
        "ascale": dftd4(params, "refascale"),
        "hcount": dftd4(params, "refscount"),
        "ncount_mask": gaussians,
        "ncount_weight": gaussians * np.arange(1.0, 4.0),
        "cn": np.repeat(dftd4(params, "refcovcn")[:ROWS, :, None], 3, axis=2),
        "alphaiw": dftd4(params, "refalpha").reshape(-1, 7, 23),
    }
    found = {name: np.asarray(table[:ROWS], np.float64) for name, table in found.items()}
    found["fixgweights"] = highest(found["cn"].max(axis=-1), found["ncount_mask"][..., 0])
    found["sscale"] = dftd4(params, "secscale")[:OTHERS, 0]
    found["secaiw"] = dftd4(params, "secalpha")[:OTHERS]
    found["casimir_polder_weights"] = trapezoids(FREQUENCIES)
    return found


def highest(cn: np.ndarray, there: np.ndarray) -> np.ndarray:
    """1 at the reference of the highest coordination number of each element, [rows, references]."""
    which = np.argmax(np.where(there > 0, cn, -1.0), axis=1)
    return np.where(there.any(axis=1)[:, None], np.eye(cn.shape[1])[which], 0.0)


def trapezoids(w: np.ndarray) -> np.ndarray:
    """Weights of the trapezoidal rule at w."""
    steps = np.diff(w)
    return 0.5 * (np.append(0, steps) + np.append(steps, 0))


if __name__ == "__main__":
    np.savez_compressed(HERE, **tables(*map(Source, sys.argv[1:3])))
