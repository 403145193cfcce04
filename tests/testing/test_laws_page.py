"""The page about the laws runs as it stands."""

import re
from pathlib import Path

from eukrates.testing import LAWS, PotentialLaws

PAGE = (Path(__file__).parents[2] / "docs" / "laws.md").read_text(encoding="utf-8")


def test_the_table_names_every_law_and_the_code_runs():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.M) == list(LAWS)
    said = {}
    exec("\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)), said)
    assert set(said["errors"]) == set(LAWS)
    assert max(said["errors"].values()) < 1e-3
    assert issubclass(said["TestRepulsion"], PotentialLaws)
    suite = said["TestRepulsion"]()
    for law in ("test_rotation_and_reflection", "test_batch_is_single", "test_finite_everywhere"):
        getattr(suite, law)("float64")
    suite.test_smooth_at_the_cutoff()
