"""`check`: every examination in turn, from what is plainly broken to what only statistics can see."""

from collections.abc import Sequence

from eukrates.data.check.bonds import bond_signs, stiffness
from eukrates.data.check.consistency import line_sign, odd_energies
from eukrates.data.check.distances import distances
from eukrates.data.check.duplicates import STATES, duplicates
from eukrates.data.check.elements import wrong_elements
from eukrates.data.check.finding import Finding
from eukrates.data.check.fingerprint import fingerprint
from eukrates.data.check.labels import labels
from eukrates.data.check.lengths import lengths, rescaled
from eukrates.data.check.measure import Measurements, closed, measure, units_of
from eukrates.data.check.net_force import net_force_and_torque
from eukrates.data.check.odd_forces import forces_of_frames
from eukrates.data.check.outliers import large_forces, odd_totals
from eukrates.data.check.report import Report
from eukrates.data.check.state_of_charge import charge_and_spin
from eukrates.data.check.stress import stress_faults
from eukrates.data.check.stretch import signs_of_frames
from eukrates.data.check.subject import Subject
from eukrates.data.check.surrogate import TRUST, rulers
from eukrates.data.check.totals import total_energies
from eukrates.data.check.unreadable import unreadable
from eukrates.data.dataset import Dataset
from eukrates.data.sample import Sample
from eukrates.data.split import Split
from eukrates.data.statistics import statistics
from eukrates.units import length_unit


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
    description = dataset.describe(None if split is None else split.parts)
    return Report(description, tuple(findings), tuple(done))


def _examine(subject: Subject) -> tuple[list[Finding], list[str]]:
    """The examinations of structures; each leaves out the frames that an earlier one has named."""
    found, shown = lengths(subject), subject
    if found is not None:  # go on with distances in Å
        subject = rescaled(subject, length_unit(found.unit) / subject.units.length_factor)
    findings = [*distances(subject)]
    prints = {n: fingerprint(subject.samples[n]) for n in subject.structures}
    findings += duplicates(subject, prints)
    findings += wrong_elements(subject, prints)
    findings += charge_and_spin(subject)
    findings += net_force_and_torque(subject)
    totals = total_energies(subject)
    findings += [*totals.findings, *odd_totals(subject)]
    done = [_scales(shown)]
    if any(finding.check == STATES for finding in findings):
        done.append("forces and energies: not compared, several electronic states are mixed")
        measured = Measurements(found, totals, stiffness(subject))
        return findings + units_of(subject, measured), [*done, *measured.done]
    measures = rulers(subject)
    for ruler in measures:
        findings += forces_of_frames(subject, ruler)
    if any(ruler.quality < TRUST for ruler in measures):
        findings += signs_of_frames(subject)
    findings += large_forces(subject)
    if measures:
        shares = ", ".join(f"{ruler.quality:.1%} ({len(ruler.frames)} frames)" for ruler in measures)
        done.append(f"forces: a linear model of one half explains, of the squared forces of the other: {shares}")
    measured = measure(subject, found, totals, measures, prints)
    wrong = units_of(subject, measured)
    signs = (line_sign(measured.line) if measured.line else []) or bond_signs(measured.bonds)
    findings += [*signs, *wrong]
    if measured.line and not signs and not any(f.severity == "error" for f in wrong):
        findings += odd_energies(subject, measured.line, measures)
    if measured.stress is not None:
        findings += stress_faults(subject, measured.stress, closed(subject))
    return findings, [*done, *measured.done]


def _scales(subject: Subject) -> str:
    """One line of magnitudes."""
    samples = [subject.samples[n] for n in subject.good]
    forces = statistics([s.but(energy=None) for s in samples]).force_rms_by_element
    if not forces:
        return "no forces"
    return "root mean square force, eV/Å: " + ", ".join(f"{symbol} {value:.3g}" for symbol, value in forces.items())
