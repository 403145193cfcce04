"""The card of a model: what its file says about it, and what it should say and does not."""

from collections.abc import Mapping, Sequence

from eukrates.potential import Potential
from eukrates.trust.table import Table

EXPECTED = {
    "level_of_theory": "nobody can know what its energies can be compared with",
    "licence": "nobody can know whether they may use it",
    "units": "its numbers have no meaning",
    "elements": "it will be used for elements it has never seen",
}


def card(potential: Potential, header: Mapping | None = None) -> Table:
    """What the potential says about itself and what the header of its file adds, one line for each entry."""
    knows = "all" if potential.elements is None else ", ".join(potential.elements)
    rows: list[tuple[str, str]] = [("kind", type(potential).__name__), ("elements", knows)]
    rows.append(("cutoff", f"{potential.cutoff:g} Å"))
    if potential.far_cutoff is not None:
        rows.append(("far cutoff", f"{potential.far_cutoff:g} Å"))
    rows.append(("needs", ", ".join(potential.needs) or "positions and elements only"))
    if header is None:
        return Table("Card", ("entry", "value"), rows, "No model file: this potential has no history.")
    rows += [(name, value) for name, value in flat(header) if name not in ("elements", "cutoff")]
    stated = {key for key, value in (*header.items(), *dict(header.get("card") or {}).items()) if value}
    missing = [f"{name.replace('_', ' ')} ({why})" for name, why in EXPECTED.items() if name not in stated]
    return Table("Card", ("entry", "value"), rows, f"Not stated: {'; '.join(missing)}." if missing else "")


def flat(entries: Mapping, prefix: str = "") -> list[tuple[str, str]]:
    """Nested entries as (dotted name, words) pairs; long lists are shortened."""
    found = []
    for key, value in entries.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found += flat(value, f"{name}.")
        else:
            found.append((name, _words(value)))
    return found


def _words(value) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        words = [_words(v) for v in value[:12]]
        return ", ".join(words) + (f", … ({len(value)} in all)" if len(value) > 12 else "")
    if isinstance(value, float):
        return f"{value:.8g}"
    text = "not stated" if value is None else str(value)
    return text if len(text) <= 160 else text[:157] + "…"
