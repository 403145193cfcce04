"""The gate before training: the data check, on what the loss asks for."""

from eukrates.app.parts import Parts
from eukrates.data.check import Finding, Report, check

FATAL = ("labels", "reading")  # checks whose errors make the training something else than what was asked for


def pass_gate(parts: Parts, labels: tuple[str, ...], incomplete: bool, strict: bool, tell) -> Report:
    """Check the data, tell what was found, and stop where training must not start.

    Args:
        parts: the data of the run.
        labels: what the loss asks for.
        incomplete: labels may be missing on some structures (on all of a part they never may).
        strict: stop on warnings too, and on errors of every kind.
        tell: receives sentences.

    Raises:
        ValueError: a label that is missing, a frame that cannot be used; with `strict`, any error or warning.
    """
    report = check(parts.everything, labels, parts.split)
    told = [f for f in report.rows if f.severity != "note"]
    tell(f"Data check: {report.verdict}")
    for finding in told:
        tell(f"  {finding.severity}: {_sentence(finding)}")
    fatal = [f for f in told if strict or (f.severity == "error" and f.check in FATAL and not (incomplete and f.where))]
    if fatal:
        hint = "" if strict or not any(f.where for f in fatal) else " (data.incomplete: true trains on what is there)"
        words = "\n".join(f"  {_sentence(f)}" for f in fatal)
        raise ValueError(f"The data check stopped the training{hint}; nothing was written:\n{words}")
    return report


def _sentence(finding: Finding) -> str:
    return f"{finding.fault} ({finding.place}): {finding.evidence}. {finding.fix}"
