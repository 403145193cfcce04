"""Which field of a file holds which label: said by the user, or detected and reported; never guessed in silence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from eukrates.data.advice import say_keys
from eukrates.data.frame import Frame, same
from eukrates.near_miss import near_miss

# Detected names in the order of precedence, compared without regard to case. "info:" and "arrays:" mark a second value
# under a name that the ASE calculator results already use.
CANDIDATES: dict[str, tuple[str, ...]] = {
    "energy": ("ref_energy", "energy", "info:energy"),
    "forces": ("ref_forces", "forces", "arrays:forces"),
    "stress": ("ref_stress", "stress", "info:stress", "ref_virial", "ref_virials", "virial", "virials"),
    "dipole": ("ref_dipole", "dipole", "info:dipole"),
    "charges": ("ref_charges", "charges", "arrays:charges"),
    "hirshfeld_ratios": ("ref_hirshfeld_ratios", "hirshfeld_ratios"),
    "charge": ("charge", "total_charge", "ref_charge", "ref_total_charge"),
    "spin": ("spin", "total_spin", "unpaired_electrons", "n_unpaired"),
    "multiplicity": ("multiplicity", "spin_multiplicity"),
    "group": ("config_type", "group"),
    "weight": ("config_weight",),
}
NPZ_CANDIDATES: dict[str, tuple[str, ...]] = {
    "energy": ("e", "energies"),
    "forces": ("f", "force"),
    "dipole": ("d",),
    "charge": ("q",),
}


def choose(
    frames: Sequence[Frame],
    keys: Mapping[str, str | None] | None = None,
    more: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[str, str]:
    """The field that each label is read from.

    Args:
        frames: of one file.
        keys: label → name in the file, said by the user; None as a name means: do not read this label.
        more: further names to detect, by label (those of a file format).

    Raises:
        ValueError: an unknown label; a name that no frame has (near misses are listed); two names with different
            values for one label.
    """
    keys = dict(keys or {})
    available = Counter(key for frame in frames for key in frame.fields)
    for label, key in keys.items():
        if label not in CANDIDATES:
            hint = near_miss(label, CANDIDATES)
            raise ValueError(f"Unknown label {label!r} in keys{hint} Known: {', '.join(CANDIDATES)}.")
        if key is not None and key not in available:
            raise ValueError(_nowhere(label, key, available))
    chosen = {label: key for label, key in keys.items() if key is not None}
    for label, names in CANDIDATES.items():
        if label in keys or (label in ("spin", "multiplicity") and {"spin", "multiplicity"} & set(keys)):
            continue
        wanted = names + (more or {}).get(label, ())
        present = [key for name in wanted for key in available if key.lower() == name]
        if present:
            _refuse_ambiguity(label, present, frames)
            chosen[label] = present[0]
    return chosen


def look_alikes(label: str, unread: Mapping[str, int]) -> list[str]:
    """Names among `unread` that may well be this label under another name, the likeliest first."""
    hints = {
        "energy": ("energ", "etot", "toten", "u0"),
        "forces": ("force", "grad", "frc"),
        "stress": ("stress", "virial"),
        "dipole": ("dipole",),
        "charges": ("charges",),
        "charge": ("charge", "chrg"),
        "spin": ("spin", "multip", "unpaired", "uhf"),
    }.get(label, (label,))
    exact = {"energy": ("e", "en"), "forces": ("f",), "charge": ("q",), "spin": ("s",)}.get(label, ())
    like = [key for key in unread if any(h in key.lower() for h in hints) or key.lower() in exact]
    return like + [key for key in get_close_matches(label, unread, 3, 0.6) if key not in like]


def _nowhere(label: str, key: str, available: Mapping[str, int]) -> str:
    lower = {name.lower(): name for name in available}
    near = [lower[k] for k in get_close_matches(key.lower(), lower, 3, 0.5)]
    near += [name for name in look_alikes(label, available) if name not in near]
    hint = f" Near misses: {', '.join(near)}." if near else ""
    have = ", ".join(sorted(available)) or "no fields"
    return f"The key {key!r} for {label} is in no frame. The file has: {have}.{hint}"


def _refuse_ambiguity(label: str, present: Sequence[str], frames: Sequence[Frame]) -> None:
    for other in present[1:]:
        if ("virial" in other.lower()) != ("virial" in present[0].lower()):
            continue
        for frame in frames:
            a, b = frame.fields.get(present[0]), frame.fields.get(other)
            if a is not None and b is not None and not same(a, b):
                raise ValueError(
                    f"{label} is ambiguous: {present[0]!r} and {other!r} differ, first in {frame.name}. "
                    f"Say which one, for example {say_keys({label: present[0]})}."
                )
