"""The page on exploration: its Python runs."""

import re
from pathlib import Path

import ase.io
from landscape_toys import CLUSTER
from searching import start

from eukrates.models import save

PAGE = (Path(__file__).parents[2] / "docs/exploration.md").read_text(encoding="utf-8")


def test_its_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save(CLUSTER, tmp_path / "model.safetensors")
    ase.io.write(tmp_path / "start.xyz", start(6))
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S))
    exec(compile(code, "docs/exploration.md", "exec"), {"__name__": "__main__"})
    minima, quenches, _ = capsys.readouterr().out.split()[:3]
    assert int(minima) >= 1
    assert int(quenches) >= 40
