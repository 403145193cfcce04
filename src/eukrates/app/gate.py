"""The gate before training: the data check on what the loss asks for."""

from eukrates.app.preparation import Prepared, Tell


def pass_gate(prepared: Prepared, strict: bool, tell: Tell) -> None:
    """Stop where a label that the loss asks for is nowhere in a part; tell the rest."""
    labels = prepared.configuration.plan.loss.labels
    for part in prepared.parts.names:
        samples = prepared.parts[part]
        for label in labels:
            have = sum(getattr(s, label) is not None for s in samples)
            tell(f"  {part}: {label} in {have} of {len(samples)} structures")
            if not have and part != "test":
                raise ValueError(f"no {label} in {part}")
