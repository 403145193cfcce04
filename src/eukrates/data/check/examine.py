"""`check`: every examination in turn, from what is plainly broken to what only statistics can see."""

from collections.abc import Sequence

from eukrates.data.check.bonds import bond_stiffness, loudness_of_bonds, stiffness
from eukrates.data.check.consistency import check_line, line, odd_energies
from eukrates.data.check.distances import distances
from eukrates.data.check.duplicates import STATES, duplicates
from eukrates.data.check.elements import wrong_elements
from eukrates.data.check.factors import Loudness
from eukrates.data.check.finding import Finding
from eukrates.data.check.fingerprint import fingerprint
from eukrates.data.check.labels import labels
from eukrates.data.check.net_force import net_force_and_torque
from eukrates.data.check.odd_forces import forces_of_frames
from eukrates.data.check.outliers import large_forces, odd_totals
from eukrates.data.check.report import Report
from eukrates.data.check.state_of_charge import charge_and_spin
from eukrates.data.check.stress import stress
from eukrates.data.check.stretch import signs_of_frames
from eukrates.data.check.subject import Subject
from eukrates.data.check.surrogate import TRUST, Ruler, rulers
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
    findings = [*unreadable(subject), *labels(subject, want)]
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
    findings += charge_and_spin(subject)
    findings += net_force_and_torque(subject)
    findings += total_energies(subject)
    findings += odd_totals(subject)
    done = [_scales(subject)]
    if any(finding.check == STATES for finding in findings):
        done.append("forces and energies: not compared, several electronic states are mixed")
        return findings, done
    measures = rulers(subject)
    for ruler in measures:
        findings += forces_of_frames(subject, ruler)
    if any(ruler.quality < TRUST for ruler in measures):
        findings += signs_of_frames(subject)
    findings += large_forces(subject)
    if measures:
        shares = ", ".join(f"{ruler.quality:.1%} ({len(ruler.frames)} frames)" for ruler in measures)
        done.append(f"forces: a linear model of one half explains, of the squared forces of the other: {shares}")
    absolute, said, loudness = _absolute(subject, measures)
    found = line(subject, measures, prints)
    if found is None:
        done.append("forces against energy differences: too few near frames to tell")
    else:
        wrong = check_line(found, loudness)
        findings += wrong or odd_energies(subject, found, measures)
        done.append(
            f"forces against energy differences: slope {found.slope:.3f} (expected 1), correlation "
            f"{found.correlation:.3f}, {len(found.pairs)} pairs"
        )
    # said already, in other words, where energies told it
    findings += [f for f in absolute if not any(f.check == g.check for g in findings)]
    slope = found.slope if found is not None and abs(found.correlation) > 0.6 else 1.0
    more = stress(subject, measures, prints, slope)
    findings += [f for f in more if f.check != "units" or not any(f.check == g.check for g in findings)]
    return findings, done + said


def _absolute(subject: Subject, measures: list[Ruler]) -> tuple[list[Finding], list[str], Loudness]:
    """The scale of the forces by itself: bonds to terminal atoms, or stiffness and temperature where there are none."""
    measured = stiffness(subject)
    if measured:
        bonds = ", ".join(f"{name} {k:.3g}" for name, (k, _, _) in measured.items())
        done = [f"force constants of bonds to terminal atoms, eV/Å²: {bonds}"]
        return bond_stiffness(measured), done, loudness_of_bonds(measured)
    findings, done = [], ["force constants of bonds to terminal atoms: none to measure"]
    for ruler in measures:
        seen = stiffness_and_temperature(subject, ruler)
        findings += scale(seen)
        if seen is not None:
            done.append(f"atoms sit with {seen[0]:.3g} eV/Å², configurational temperature {seen[1]:.0f} K")
    return findings, done, "large" if findings else "not large"


def _scales(subject: Subject) -> str:
    """One line of magnitudes."""
    samples = [subject.samples[n] for n in subject.good]
    forces = statistics([s.but(energy=None) for s in samples]).force_rms_by_element
    if not forces:
        return "no forces"
    return "root mean square force, eV/Å: " + ", ".join(f"{symbol} {value:.3g}" for symbol, value in forces.items())
