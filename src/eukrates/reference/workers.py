"""Processes that label: each has its own engine, and may die without taking the campaign along."""

import contextlib
import multiprocessing
import os
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from ase import Atoms

from eukrates.reference.journal import Entry
from eukrates.reference.labeller import LabelError, Labeller

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def attempt(index: int, frame: Atoms, labeller: Labeller) -> Entry:
    """Label one frame; a failure becomes an entry with its reason."""
    start = time.perf_counter()
    try:
        return Entry(index, labels=labeller(frame), seconds=time.perf_counter() - start)
    except LabelError as error:
        return Entry(index, reason=str(error), seconds=time.perf_counter() - start)


def label_here(todo: list[tuple[int, Atoms]], labeller: Labeller) -> Iterator[Entry]:
    """Label in this process, one frame after the other."""
    for index, frame in todo:
        yield attempt(index, frame, labeller)


def label_in_processes(todo: list[tuple[int, Atoms]], labeller: Labeller, processes: int) -> Iterator[Entry]:
    """Label in `processes` processes of one thread each; entries come as they are finished.

    A worker that dies (killed, out of memory, crashed engine) costs the frame it had; a new one takes its place. When
    this process dies, the workers end by themselves. Errors that are not a LabelError are raised here, and so is a
    RuntimeError when a worker cannot even start.
    """
    waiting = iter(todo)
    staff: dict[Connection, tuple[BaseProcess, int | None]] = {}  # pipe → worker, index of the frame it has
    try:
        for _ in range(min(processes, len(todo))):
            _hire(staff, labeller)
        while staff:
            ready = wait(list(staff))
            for pipe in [pipe for pipe in staff if pipe in ready]:
                worker, index = staff.pop(pipe)
                try:
                    answer = pipe.recv()
                except (EOFError, ConnectionResetError):
                    worker.join()
                    yield _death(worker, index)
                    _hire(staff, labeller)
                    continue
                staff[pipe] = worker, None
                if isinstance(answer, Exception):
                    raise answer
                if isinstance(answer, Entry):
                    yield answer
                task = next(waiting, None)
                pipe.send(task)
                if task is None:
                    del staff[pipe]
                    worker.join()
                else:
                    staff[pipe] = worker, task[0]
    finally:
        for pipe, (worker, _) in staff.items():
            pipe.close()
            worker.kill()
            worker.join()


def _hire(staff: dict[Connection, tuple[BaseProcess, int | None]], labeller: Labeller) -> None:
    context = multiprocessing.get_context("spawn")  # a fork of a process that runs JAX can hang
    ours, theirs = context.Pipe()
    worker = context.Process(target=_work, args=(theirs, labeller), daemon=True)
    with _one_thread():
        worker.start()
    theirs.close()
    staff[ours] = worker, None


def _death(worker: BaseProcess, index: int | None) -> Entry:
    if index is None:
        raise RuntimeError(
            f"A labelling process ended before it could start (exit code {worker.exitcode}); its message is above. A "
            f"script that labels on several processes must guard its entry point by if __name__ == '__main__':, and "
            f"the labeller must be importable. Or use processes=1."
        )
    return Entry(index, 0.0, reason=f"The process that labelled it died (exit code {worker.exitcode}).")


def _work(pipe: Connection, labeller: Labeller) -> None:
    """Say that we are here, then answer every (index, frame) by an entry or an exception until None comes."""
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        pipe.send(None)
        while (task := pipe.recv()) is not None:
            index, frame = task
            try:
                answer = attempt(index, frame, labeller)
            except Exception as error:
                answer = error
            pipe.send(answer)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started in this context use one thread each; the environment is as before afterwards."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
