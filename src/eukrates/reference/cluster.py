"""Labelling over a cluster of machines, through Dask: whoever runs a scheduler and workers anywhere can use them."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ase import Atoms

from eukrates.reference.journal import Entry
from eukrates.reference.labeller import Labeller
from eukrates.reference.workers import attempt

IN_FLIGHT = 2  # structures sent out for each worker: one in work, one ready
PATIENCE_SECONDS = 300.0  # without a single worker
LOOK_AGAIN_SECONDS = 5.0


def connect(where: str) -> Any:
    """A `dask.distributed.Client` of a scheduler: its address, "tcp://machine:8786", or the path of its scheduler file.

    Raises:
        ImportError: Dask is not installed; names the extra.
        ValueError: nobody answers there.
    """
    distributed = _distributed()
    asked = {"scheduler_file": where} if Path(where).is_file() else {"address": where}
    try:
        return distributed.Client(**asked, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"No Dask scheduler answers at {where!r} ({error}). Expected an address such as tcp://machine:8786, or the "
            f"file that `dask scheduler --scheduler-file` writes."
        ) from error


def label_on_cluster(todo: list[tuple[int, Atoms]], labeller: Labeller, client: Any) -> Iterator[Entry]:
    """Label on the workers of `client`; entries come as they are finished, each structure once.

    Only a few structures for each worker are sent out at a time; workers may come and go. Structures of a worker that
    dies are done again by others. When several workers in a row have died of a structure (Dask's
    `distributed.scheduler.allowed-failures`) it is tried once more alone, after all others, so that none is blamed for
    its neighbour, and then it becomes an entry with that reason. Errors that are not a LabelError are raised here.

    Raises:
        ValueError: workers with several threads, which the engines do not bear.
        RuntimeError: no worker for five minutes.
    """
    suspects: list[tuple[int, Atoms]] = []
    for answer in _answers(todo, labeller, client, None):
        if isinstance(answer, Entry):
            yield answer
        else:
            suspects.append(answer)
    for answer in _answers(suspects, labeller, client, 1):
        if isinstance(answer, Entry):
            yield answer
        else:
            yield Entry(
                answer[0], 0.0, reason="Every worker of the cluster that labelled it died; it was tried alone too."
            )


def _answers(
    todo: list[tuple[int, Atoms]], labeller: Labeller, client: Any, at_once: int | None
) -> Iterator[Entry | tuple[int, Atoms]]:
    """An entry for each structure, or the structure itself where the workers that had it died."""
    distributed = _distributed()
    waiting, sent = iter(todo), {}
    try:
        while True:
            room = (at_once or IN_FLIGHT * max(1, _workers(client))) - len(sent)
            for index, frame in itertools.islice(waiting, max(0, room)):
                sent[client.submit(attempt, index, frame, labeller, pure=False)] = index, frame
            if not sent:
                return
            for future in _finished(sent, client):
                task = sent.pop(future)
                try:
                    yield future.result()
                except distributed.KilledWorker:
                    yield task
    finally:
        client.cancel(list(sent))


def _finished(sent: dict[Any, tuple[int, Atoms]], client: Any) -> list[Any]:
    """Wait for the next ones; complain when there has been nobody to work for too long."""
    distributed = _distributed()
    alone_since = None
    while True:
        try:
            with client.as_current():
                found = distributed.wait(list(sent), timeout=LOOK_AGAIN_SECONDS, return_when="FIRST_COMPLETED")
            return list(found.done)
        except distributed.TimeoutError:
            now = time.monotonic()
            alone_since = None if client.nthreads() else (alone_since or now)
            if alone_since is not None and now - alone_since > PATIENCE_SECONDS:
                raise RuntimeError(
                    f"The cluster has had no worker for {PATIENCE_SECONDS:.0f} s. What was labelled is in the journal: "
                    f"start workers, then call again with the same structures."
                ) from None


def _workers(client: Any) -> int:
    """How many there are now; each must have one thread."""
    threads = client.nthreads()
    for address, number in threads.items():
        if number > 1:
            raise ValueError(
                f"The worker at {address} has {number} threads. Engines of quantum chemistry do not run twice in one "
                f"process: start workers with `dask worker --nthreads 1 --nworkers N`, or threads_per_worker=1."
            )
    return len(threads)


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ImportError(
            "Labelling over a cluster needs Dask, which is not installed: pip install 'eukrates[cluster]'."
        ) from error
    return distributed
