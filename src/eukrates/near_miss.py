"""What somebody may have meant."""

import difflib
from collections.abc import Iterable


def near_miss(name: str, known: Iterable[str]) -> str:
    """ ". Did you mean 'x'?", or "." where nothing known is near: the end of a sentence about an unknown name."""
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.6)
    return f". Did you mean {close[0]!r}?" if close else "."
