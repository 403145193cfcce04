"""Toy potentials are not chemistry: their atoms may collide, and what is near is not bonded."""

from functools import partialmethod

import pytest
from wandering import wander

from eukrates.dynamics import Watch, engine


@pytest.fixture(scope="module", autouse=True)
def unwatched():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Watch, "__init__", partialmethod(Watch.__init__, contact=None, bonds=None))
        yield


@pytest.fixture
def hasty(monkeypatch):
    """Short chunks, a checkpoint and a report after each."""
    for name, value in (("SECONDS", 0.001), ("COMMIT_SECONDS", 0.0), ("COMMIT_SHARE", 0.0), ("REPORT_SECONDS", 0.0)):
        monkeypatch.setattr(engine, name, value)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nobody interrupted, by the programs that the tests of the module have: bits are compared."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    done = wander(folder)
    assert done.stopped is None
    assert done.steps_done == 400
    return done
