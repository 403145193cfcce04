"""The files of NeuroChem are read as data; what is damaged or strange is refused in words."""

import bz2

import numpy as np
import pytest

from eukrates.models.ani.neurochem import read_neurochem
from eukrates.models.ani.published import ani

PARAMS = """TM = 1
Rcr = 5.2000e+00
Rca = 3.5000e+00
EtaR = [1.6e+01]
ShfR = [9.0e-01,1.16875e+00]

Zeta = [3.2e+01]
ShfZ = [1.9634954e-01,5.8904862e-01]
EtaA = [8.0e+00]
ShfA = [9.0e-01]
Atyp = [H,O]
"""
INPUTS = 2 * 2 + 3 * 1 * 2


def described(layers, length=None):
    text = "inputsize=10;\natom_net X $\n"
    for nodes, fan, activation, weights, biases in layers:
        text += f"layer [\nnodes={nodes};\nactivation={activation};\nblocksize={fan};\nnorm=-nan;\n"
        text += f"weights=FILE:{weights}[{nodes * fan}];\nbiases=FILE:{biases}[{nodes}];\n]\n"
    data = (text + "\n $ ").encode() + b"\0"
    return f"{len(data) if length is None else length}=\n".encode() + bz2.compress(data)


@pytest.fixture
def info(tmp_path):
    """Two members of two small networks."""
    rng = np.random.default_rng(0)
    (tmp_path / "small.params").write_text(PARAMS)
    (tmp_path / "sae.dat").write_text("O,1=-75.0\n\nH,0=-0.5\n")
    for member in range(2):
        folder = tmp_path / f"train{member}" / "networks"
        folder.mkdir(parents=True)
        for symbol, width in (("H", 3), ("O", 4)):
            layers = []
            for n, (out, fan, kind) in enumerate([(width, INPUTS, 9), (1, width, 6)], start=1):
                names = [f"ANN-{symbol}.nnf-l{n}.{what}param" for what in "wb"]
                layers.append((out, fan, kind, *names))
                for name, count in zip(names, (out * fan, out), strict=True):
                    (folder / name).write_bytes(rng.normal(size=count).astype("<f4").tobytes())
            (folder / f"ANN-{symbol}.nnf").write_bytes(described(layers))
    path = tmp_path / "small.info"
    path.write_text("small.params\nsae.dat\ntrain\n2\n")
    return path


def test_an_ensemble_is_read(info):
    arrays, constants = read_neurochem(info)
    assert constants["species"] == ["H", "O"]
    assert constants["self_energies"] == [-0.5, -75.0]
    assert constants["angular"]["sections"] == [1.9634954e-01, 5.8904862e-01]
    assert arrays["O/w0"].shape == (2, 4, INPUTS)
    model = ani(arrays, constants)
    assert model.hidden == {"H": [3], "O": [4]}
    assert model.members == 2
    stored = np.frombuffer((info.parent / "train1/networks/ANN-O.nnf-l1.wparam").read_bytes(), "<f4")
    np.testing.assert_array_equal(np.asarray(model.networks["O"].layers[0].weight)[1].ravel(), stored)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda f: (f / "small.info").write_text("small.params\nsae.dat\n"), "four lines"),
        (lambda f: (f / "small.params").unlink(), r"There is no file .*small\.params"),
        (lambda f: (f / "small.params").write_text("Rcr = 5"), "no file of constants"),
        (lambda f: (f / "sae.dat").write_text("H,0=-0.5\n"), "lacks energies of O"),
        (lambda f: (f / "train0/networks/ANN-H.nnf").write_bytes(described([], 3)), "damaged"),
        (lambda f: (f / "train0/networks/ANN-H.nnf").write_bytes(b"12=\nno bzip2"), "no description"),
        (lambda f: (f / "train0/networks/ANN-H.nnf").write_bytes(described([])), "describes no layers"),
        (
            lambda f: (f / "train0/networks/ANN-H.nnf").write_bytes(described([(1, INPUTS, 6, "../../x", "y")])),
            r"Expected FILE:name",
        ),
        (
            lambda f: (f / "train0/networks/ANN-H.nnf").write_bytes(described([(1, INPUTS, 5, "w", "b")])),
            r"Expected activations",
        ),
        (lambda f: (f / "train1/networks/ANN-O.nnf-l2.bparam").write_bytes(b"1234" * 2), "Expected 1 numbers"),
    ],
)
def test_what_is_damaged_is_refused(info, spoil, says):
    spoil(info.parent)
    with pytest.raises(ValueError, match=says):
        read_neurochem(info)
