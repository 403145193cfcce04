"""The Python of docs/data.md runs as it stands."""

import re
from pathlib import Path


def test_the_page_on_data_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", page, re.M | re.S))
    exec(compile(code, "docs/data.md", "exec"), {})
    assert "OK: nothing found" in capsys.readouterr().out
    assert (tmp_path / "train.h5").exists()
