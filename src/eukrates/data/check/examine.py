"""`check`: every examination in turn, from what is plainly broken to what only statistics can see."""

from collections.abc import Sequence

from eukrates.data.check.bonds import bond_stiffness, stiffness
from eukrates.data.check.consistency import check_line, line, odd_energies
from eukrates.data.check.distances import distances
from eukrates.data.check.duplicates import duplicates
from eukrates.data.check.elements import wrong_elements
from eukrates.data.check.finding import Finding
from eukrates.data.check.fingerprint import fingerprint
from eukrates.data.check.labels import labels
from eukrates.data.check.net_force import net_force_and_torque
from eukrates.data.check.odd_forces import forces_of_frames
from eukrates.data.check.outliers import outliers
from eukrates.data.check.report import Report
from eukrates.data.check.state_of_charge import charge_and_spin
from eukrates.data.check.stress import stress
from eukrates.data.check.subject import Subject
from eukrates.data.check.surrogate import rulers
from eukrates.data.check.temperature import scale, stiffness_and_temperature
from eukrates.data.check.totals import total_energies
from eukrates.data.check.unreadable import unreadable
from eukrates.data.dataset import Dataset
from eukrates.data.sample import Sample
from eukrates.data.split import Split
from eukrates.data.statistics import statistics


def check(data: Dataset | Sequence[Sample], want: Sequence[str] | None = None, split: Split | None = None) -> Report:
    """Examine data before anything is trained on them.

    Args:
        data: best read with `read(..., on_error="collect")`, so that unreadable frames are reported with the rest.
        want: labels that every frame must have; default energy, forces, and whatever else some frame has.
        split: counts are given for each part, and copies across parts are faults.

    Raises:
        ValueError: an unknown label in `want`, or a split of other data.
    """
    dataset = data if isinstance(data, Dataset) else Dataset(tuple(data))
    if split is not None:
        split.apply(dataset)
    parts = {"all": range(len(dataset))} if split is None else split.parts
    subject = Subject(dataset.samples, parts, dataset.sources)
    findings = [*unreadable(subject), *labels(subject, want), *charge_and_spin(subject)]
    done = [f"{len(dataset)} structures, {len(dataset) - len(subject.structures)} of them free atoms"]
    if subject.structures:
        more, said = _examine(subject)
        findings, done = findings + more, done + said
    return Report(dataset.describe(), tuple(findings), tuple(done))


def _examine(subject: Subject) -> tuple[list[Finding], list[str]]:
    """The examinations of structures; each leaves out the frames that an earlier one has named."""
    findings = [*distances(subject)]
    prints = {n: fingerprint(subject.samples[n]) for n in subject.structures}
    findings += duplicates(subject, prints)
    findings += wrong_elements(subject, prints)
    findings += net_force_and_torque(subject)
    findings += outliers(subject)
    done = [_scales(subject)]
    measures = rulers(subject)
    for ruler in measures:
        findings += forces_of_frames(subject, ruler)
    if measures:
        shares = ", ".join(
            f"{ruler.quality:.1%} of the squared forces ({len(ruler.frames)} frames)" for ruler in measures
        )
        done.append(f"forces against a linear model of the other half: it explains {shares}")
    found = line(subject, measures, prints)
    if found is None:
        done.append("forces against energy differences: too few near frames to tell")
    else:
        findings += [*check_line(found), *odd_energies(subject, found, measures)]
        done.append(
            f"forces against energy differences: slope {found.slope:.3f} (expected 1), correlation "
            f"{found.correlation:.3f}, {len(found.pairs)} pairs"
        )
    measured = stiffness(subject)
    findings += bond_stiffness(measured)
    bonds = ", ".join(f"{name} {k:.3g}" for name, (k, _, _) in measured.items())
    done.append(f"bonds to terminal atoms, eV/Å²: {bonds}" if bonds else "bonds to terminal atoms: none to measure")
    for ruler in measures if not measured else []:
        seen = stiffness_and_temperature(subject, ruler)
        findings += scale(seen)
        if seen is not None:
            done.append(f"atoms sit with {seen[0]:.3g} eV/Å², configurational temperature {seen[1]:.0f} K")
    findings += total_energies(subject)
    findings += stress(subject, measures, prints)
    return findings, done


def _scales(subject: Subject) -> str:
    """One line of magnitudes."""
    samples = [subject.samples[n] for n in subject.good]
    forces = statistics([s.but(energy=None) for s in samples]).force_rms_by_element
    if not forces:
        return "no forces"
    return "root mean square force, eV/Å: " + ", ".join(f"{symbol} {value:.3g}" for symbol, value in forces.items())
