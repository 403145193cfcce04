"""`Report`: all findings, a verdict, and a table that reads well in a terminal."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from eukrates.data.check.finding import Finding

_RANK = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Report:
    """What `check` found. `ok` is False if anything must be mended before training."""

    description: str  # what was read and understood
    findings: tuple[Finding, ...]
    done: tuple[str, ...]  # one line for each check that was made, with what it measured

    @property
    def rows(self) -> tuple[Finding, ...]:
        """Findings, the gravest first."""
        return tuple(sorted(self.findings, key=lambda f: _RANK[f.severity]))

    @property
    def ok(self) -> bool:
        """True without errors; warnings and notes are for people to judge."""
        return not any(finding.severity == "error" for finding in self.findings)

    @property
    def verdict(self) -> str:
        """One sentence."""
        errors, warnings = (sum(f.severity == s for f in self.findings) for s in ("error", "warning"))
        if errors:
            return f"NOT OK: {errors} fault{'s' if errors > 1 else ''} to mend before training."
        if warnings:
            return f"OK, with {warnings} warning{'s' if warnings > 1 else ''} to read."
        return "OK: nothing found that speaks against training."

    def text(self, width: int = 118) -> str:
        """The whole report as plain text."""
        lines = [self.description, "", "checked:", *(f"  {line}" for line in self.done), ""]
        for number, finding in enumerate(self.rows, 1):
            lines.append(f"{number:>2}. {finding.severity.upper():<8}{finding.fault}")
            lines += _indented("where", [finding.place], width)
            lines += _indented("evidence", [finding.evidence], width)
            lines += _indented("fix", [finding.fix], width)
        return "\n".join([*lines, "", self.verdict])


def _indented(title: str, paragraphs: Iterable[str], width: int) -> list[str]:
    lead = f"    {title + ':':<10}"
    return [
        line
        for text in paragraphs
        for line in textwrap.wrap(text, width, initial_indent=lead, subsequent_indent=" " * len(lead))
    ]
