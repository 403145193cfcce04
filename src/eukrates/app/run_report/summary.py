"""The top of the report: how the run ended, whether it is sound, and what was asked of it."""

import numpy as np

from eukrates.app.run_report.recorded import Recorded
from eukrates.app.run_report.thermodynamics import drift_per_ns, heat_measure, temperatures
from eukrates.plots.report import Block, Verdict
from eukrates.trust.conservation import DRIFT
from eukrates.trust.table import Table

TOLERATED = 0.1  # of kT: what the conserved energy of an atom may gain over the whole run without a warning
FEW_SIGMAS = 3.0


def verdicts(recorded: Recorded) -> list[Block]:
    """How it ended, the drift, the temperature."""
    found: list[Block] = [_ended(recorded)]
    for verdict in (_conserved, _warm):
        try:
            found.append(verdict(recorded))
        except ValueError:  # too few frames: the sections say so
            continue
    return found


def _ended(recorded: Recorded) -> Verdict:
    told, done = recorded.told, recorded.steps_done
    length = f"{done * told['timestep_fs'] / 1000:.6g} ps, {done} steps of {told['timestep_fs']:g} fs"
    if recorded.stopped is not None:
        return Verdict(f"{recorded.stopped} ({length}.)", "bad")
    if done < told["steps"]:
        whole = told["steps"] * told["timestep_fs"] / 1000
        again = f"`eukrates md --resume --folder {recorded.home}` goes on."
        return Verdict(f"Not finished: {length}, of {whole:.6g} ps. {again}", "care")
    return Verdict(f"Finished: {length}, {len(recorded.log['step'])} frames.", "good")


def _conserved(recorded: Recorded) -> Verdict:
    slope, error = drift_per_ns(recorded)
    gained, thermal = heat_measure(recorded, slope)
    text = (
        f"The conserved energy drifts by {slope:.3g} ± {error:.2g} meV per atom and nanosecond: {gained:.2g} meV per "
        f"atom over this run, where kT is {thermal:.3g} meV."
    )
    drifts = abs(slope) > FEW_SIGMAS * error
    if drifts and abs(gained) > TOLERATED * thermal:
        return Verdict(f"{text} That is too much: shorten the time step, or look for noise in the forces.", "bad")
    if drifts and abs(slope) > 1000 * DRIFT:
        return Verdict(f"{text} In a longer run that would be too much.", "care")
    return Verdict(text if drifts else f"{text} Within its error that is no drift.", "good")


def _warm(recorded: Recorded) -> Verdict:
    found, target = temperatures(recorded), recorded.target_kelvin
    text = (
        f"Temperature {found.mean:.1f} ± {found.error:.1f} K{'' if target is None else f' (bath {target:g} K)'}, "
        f"fluctuating by {found.deviation:.1f} K, where the canonical ensemble fluctuates by "
        f"{found.canonical_deviation:.1f} K."
    )
    if target is None:
        fixed = recorded.told["ensemble"]["kind"] == "nve"
        return Verdict(f"{text} At constant energy it fluctuates less." if fixed else text)
    off = abs(found.mean - target)
    if off > FEW_SIGMAS * found.error and off > 0.01 * target:
        return Verdict(
            f"{text} The mean is not that of the bath: the run had not settled, or the step is long.", "care"
        )
    return Verdict(text, "good")


def _plain(value) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def settings(recorded: Recorded) -> Table:
    """What the run was told."""
    told, chosen = recorded.told, recorded.choices
    ensemble = ", ".join(f"{k} {_plain(v)}" for k, v in told["ensemble"].items() if k != "kind" and v is not None)
    cell = np.asarray(told["system"]["cell"], float)
    lengths = " × ".join(f"{length:.4g}" for length in np.linalg.norm(cell, axis=1))
    long_range = [f"{k} {chosen[k]}" for k in ("electrostatics", "far_cutoff") if k in chosen]
    states = [f"{k} {told['system'][k]:g}" for k in ("charge", "spin") if told["system"].get(k) is not None]
    rows: list[tuple[str, str]] = [
        ("atoms", f"{recorded.atoms} ({told['formula']})" + "".join(f", {state}" for state in states)),
        ("cell", f"{lengths} Å" if cell.any() else "none"),
        ("model", f"{chosen.get('model', told['potential']['class'])} (digest {told['potential']['digest']})"),
        ("precision of features", str(told["potential"].get("precision", "not stated"))),
        ("long range", ", ".join(long_range) or ("as in the model" if chosen else "not stated")),
        ("structure", str(chosen.get("structure", "not stated"))),
        ("ensemble", f"{told['ensemble']['kind']}: {ensemble}"),
        ("time step", f"{told['timestep_fs']:g} fs"),
        ("planned", f"{told['steps']} steps, {told['steps'] * told['timestep_fs'] / 1000:.6g} ps"),
        ("seed", str(told["seed"])),
        ("recorded", f"every {told['record']['every']} steps: {', '.join(('positions', *told['record']['what']))}"),
        ("degrees of freedom", str(recorded.freedom)),
        ("Eukrates", str(told["eukrates"])),
    ]
    rows += [("note", note) for note in recorded.notes if note != recorded.stopped][:10]
    return Table("Settings", ("", ""), rows)
