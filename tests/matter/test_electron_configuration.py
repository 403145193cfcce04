"""Ground states of free atoms."""

import numpy as np
import pytest

from eukrates.elements import number
from eukrates.matter.electron_configuration import electron_configurations, occupations, period, valence


@pytest.mark.parametrize(
    ("symbol", "shells", "outer"),
    [
        ("H", {"1s": 1}, (1, 0, 0, 0)),
        ("O", {"1s": 2, "2s": 2, "2p": 4}, (2, 4, 0, 0)),
        ("Cr", {"1s": 2, "2s": 2, "2p": 6, "3s": 2, "3p": 6, "4s": 1, "3d": 5}, (1, 0, 5, 0)),
        ("Pd", {"1s": 2, "2s": 2, "2p": 6, "3s": 2, "3p": 6, "4s": 2, "3d": 10, "4p": 6, "4d": 10}, (0, 0, 10, 0)),
    ],
)
def test_textbook_configurations(symbol, shells, outer):
    found = occupations(number(symbol))
    assert {shell: n for shell, n in found.items() if n} == shells
    assert valence(number(symbol)) == outer


def test_every_atom_has_as_many_electrons_as_protons():
    for z in range(1, 87):
        assert sum(occupations(z).values()) == z
    assert [period(z) for z in (2, 3, 10, 11, 36, 54, 55, 86)] == [1, 2, 2, 3, 4, 5, 6, 6]
    assert valence(64) == (2, 0, 1, 7)
    with pytest.raises(ValueError, match="from 1 to 86, not for 87"):
        occupations(87)


def test_the_table_is_that_of_the_published_model(shared):
    known = np.load(shared / "weights/spookynet/electron_config.npz")
    table = next(known[name] for name in known.files if known[name].shape == (87, 20) and known[name].max() <= 1)
    np.testing.assert_allclose(electron_configurations(), table, rtol=0, atol=1e-12)
