"""`Inspection`: what `inspect` found, the verdict, and the curves behind it."""

from dataclasses import dataclass

from eukrates.trust.conservation import Series
from eukrates.trust.finding import Finding
from eukrates.trust.repulsion import Scan
from eukrates.trust.table import Table


@dataclass(frozen=True, eq=False)
class Inspection:
    """Findings of all tests in their order, the card, and what plots need."""

    card: Table
    findings: tuple[Finding, ...]
    dimers: tuple[Scan, ...] = ()
    in_place: tuple[Scan, ...] = ()
    run: Series | None = None

    @property
    def ok(self) -> bool:
        """True if no serious test failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Finding, ...]:
        """Serious tests that failed."""
        return tuple(f for f in self.findings if f.ok is False and f.serious)

    @property
    def doubtful(self) -> tuple[Finding, ...]:
        """Tests that failed and are a reason for care only."""
        return tuple(f for f in self.findings if f.ok is False and not f.serious)

    @property
    def verdict(self) -> str:
        """One sentence for a person who wants to run dynamics."""
        names = lambda findings: ", ".join(f.name for f in findings)
        passed = sum(f.ok is True for f in self.findings)
        left = [f for f in self.findings if f.ok is None]
        rest = f" Not tested: {names(left)}." if left else ""
        if self.failed:
            care = f" Reasons for care besides: {names(self.doubtful)}." if self.doubtful else ""
            return f"NOT SOUND. Do not run dynamics with this model: {names(self.failed)}.{care}{rest}"
        if self.doubtful:
            return f"USABLE WITH CARE. {passed} tests passed; mind: {names(self.doubtful)}.{rest}"
        return f"SOUND. All {passed} tests passed that could be made.{rest}"

    def tables(self) -> list[Table]:
        """The card and the findings."""
        rows = [(f.mark, f.name, f.value, f.threshold, f.unit, f.meaning) for f in self.findings]
        columns = ("", "test", "found", "allowed", "unit", "meaning")
        return [self.card, Table("Verdict", columns, rows)]

    def text(self) -> str:
        """The tables and the verdict in plain words."""
        return "\n\n".join([table.text() for table in self.tables()] + [self.verdict])

    def as_dict(self) -> dict:
        """Ready for JSON."""
        return {
            "verdict": self.verdict,
            "ok": self.ok,
            "card": {str(name): str(value) for name, value in self.card.rows},
            "findings": [f.as_dict() for f in self.findings],
            "holes": [s.as_dict() for s in (*self.dimers, *self.in_place) if s.depth > 0],
        }
