"""Processes that label: each has its own engine, and may die without taking the campaign along."""

import contextlib
import multiprocessing
import os
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait

from ase import Atoms

from .journal import Entry
from .labeller import LabelError, Labeller

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
    """Label in ``processes`` processes of one thread each; entries come as they are finished.

    A worker that dies (killed, out of memory, crashed engine) costs the frame it had; a new one takes its place. When
    this process dies, the workers end by themselves. Errors that are not a LabelError are raised here.
    """
    waiting = iter(todo)
    busy: dict[Connection, tuple[multiprocessing.process.BaseProcess, int]] = {}

    def employ(worker, pipe) -> None:
        task = next(waiting, None)
        if task is None:
            pipe.send(None)
            worker.join()
        else:
            pipe.send(task)
            busy[pipe] = worker, task[0]

    try:
        for _ in range(min(processes, len(todo))):
            employ(*_hire(labeller))
        while busy:
            for pipe in wait(list(busy)):
                worker, index = busy.pop(pipe)
                try:
                    answer = pipe.recv()
                except (EOFError, ConnectionResetError):
                    worker.join()
                    yield Entry(index, 0.0, reason=f"The process that labelled it died (exit code {worker.exitcode}).")
                    worker, pipe = _hire(labeller)
                else:
                    if isinstance(answer, Exception):
                        raise answer
                    yield answer
                employ(worker, pipe)
    finally:
        for pipe, (worker, _) in busy.items():
            pipe.close()
            worker.kill()
            worker.join()


def _hire(labeller: Labeller):
    context = multiprocessing.get_context("spawn")  # a fork of a process that runs JAX can hang
    ours, theirs = context.Pipe()
    worker = context.Process(target=_work, args=(theirs, labeller), daemon=True)
    with _one_thread():
        worker.start()
    theirs.close()
    return worker, ours


def _work(pipe: Connection, labeller: Labeller) -> None:
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while (task := pipe.recv()) is not None:
            try:
                answer = attempt(*task, labeller)
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
