"""Train SO3krates on a published benchmark and print its errors beside the published ones.

    python benchmarks/accuracy.py md17_ethanol FOLDER OUT
    python benchmarks/accuracy.py acac FOLDER OUT

FOLDER holds the extended-XYZ files of the set (train.extxyz and valid.extxyz for MD17 ethanol: 1000 and 500 frames,
PBE+vdW-TS; train_300K.extxyz and isolated_atoms.extxyz for acetylacetone: 500 frames at 300 K, PBE-D3/def2-SVP, of
which 450 train and 50 validate). OUT receives the run; started again with the same arguments, a killed run resumes.
Results, with date, hardware and time, stand in docs/results.md.
"""

import argparse
import time
from pathlib import Path

from eukrates.app.configuration import Configuration
from eukrates.app.training import train
from eukrates.units import KCAL_PER_MOL

SETS = {
    "md17_ethanol": {
        "data": {"train": "train.extxyz", "valid": "valid.extxyz"},
        "model": {"so3krates": {"features": 128, "degrees": [1, 2, 3, 4], "zbl": False}},
        "training": {
            "epochs": 600,
            "batch_size": 8,
            "validate_every": 10,
            "optimiser": {"learning_rate": 3e-3},
            "schedule": {"kind": "cosine", "warmup": 0.01, "final": 0.001},
        },
        "card": {"level_of_theory": "PBE+vdW-TS (FHI-aims), MD17: Chmiela et al., Sci. Adv. 3, e1603015 (2017)"},
    },
    "acac": {
        "data": {"train": ["isolated_atoms.extxyz", "train_300K.extxyz"], "valid": 50},
        "model": {"so3krates": {"features": 128, "degrees": [1, 2, 3, 4], "zbl": False}},
        "training": {
            "epochs": 800,
            "batch_size": 5,
            "validate_every": 5,
            "optimiser": {"learning_rate": 1.5e-3},
            "schedule": {"kind": "cosine", "warmup": 0.01, "final": 0.001},
        },
        "card": {"level_of_theory": "PBE-D3/def2-SVP: Batatia et al., Nat. Mach. Intell. 7, 56 (2025) (BOTNet data)"},
    },
}
PUBLISHED = {
    "md17_ethanol": "MAE in kcal/mol and kcal/mol/Å on test: SO3krates 0.052 and 0.096 (Frank et al. 2024)",
    "acac": "RMSE in meV and meV/Å at 300 K on test: MACE 0.9 and 5.1, NequIP 0.81 and 5.90, BOTNet 0.89 and 6.3",
}


def main() -> None:
    """Parse, train, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    spec = SETS[args.set]
    place = lambda part: [str(args.folder / p) for p in part] if isinstance(part, list) else str(args.folder / part)
    files = {k: part if isinstance(part, int) else place(part) for k, part in spec["data"].items()}
    configuration = Configuration.model_validate(spec | {"data": files, "folder": str(args.out)})
    begun, last = time.monotonic(), [0.0]

    def progress(p) -> None:
        if time.monotonic() - last[0] > 60:
            last[0] = time.monotonic()
            left = (p.steps - p.step) * p.seconds_per_step / 60
            pace = f"step {p.step}/{p.steps}, {p.seconds_per_step * 1e3:.1f} ms, {left:.0f} min left"
            print(pace, _said(p.metrics), flush=True)

    outcome = train(configuration, progress=progress)
    print(f"{args.set}: best at epoch {outcome.trained.epoch}, {(time.monotonic() - begun) / 60:.1f} min in this run")
    print(_said(outcome.trained.metrics))
    print("Published:", PUBLISHED[args.set])


def _said(metrics) -> str:
    rows = []
    for label, unit in (("energy", "kcal/mol"), ("forces", "kcal/mol/Å")):
        if f"{label}_mae" in metrics:
            mae, rmse = metrics[f"{label}_mae"], metrics[f"{label}_rmse"]
            rows.append(f"{label}: MAE {mae / KCAL_PER_MOL:.4f} {unit}, RMSE {rmse * 1e3:.2f} meV{unit[8:]}")
    return "; ".join(rows)


if __name__ == "__main__":
    main()
