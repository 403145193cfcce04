"""Cutting an H5MD file back to the frames that a checkpoint knows of, also after its writer was killed."""

import os
from pathlib import Path

import h5py
from h5py.h5o import get_info

from eukrates.data.trajectory.h5md import opened, whole_frames
from eukrates.files import replacing


def keep_h5md(path: str | os.PathLike, count: int) -> None:
    """Drop all frames after the first `count`. The file is replaced whole or, where nothing is to be done, not touched.

    Raises:
        ValueError: the file has fewer frames, or cannot be read.
    """
    path = Path(path)
    if _closed_with(path, count):
        return
    with opened(path) as source:
        have = whole_frames(source)
        if have < count:
            raise ValueError(f"{path} holds {have} frames and {count} are needed: it is not the file that was written.")
        with replacing(path) as temporary, h5py.File(temporary, "w", libver="latest") as target:
            _copy(source, target, count)


def _closed_with(path: Path, count: int) -> bool:
    """True if the file was closed properly and every series in it has `count` rows."""
    try:
        with h5py.File(path, "r+", libver="latest") as file:
            series = []
            _visit(file, lambda name, item: series.append(item) if _grows(item) else None)
            return all(item.shape[0] == count for item in series)
    except OSError:
        return False


def _grows(item) -> bool:
    return isinstance(item, h5py.Dataset) and bool(item.maxshape) and item.maxshape[0] is None


def _copy(source: h5py.File, target: h5py.File, count: int) -> None:
    """Everything, with series cut to `count` rows; what was one dataset under two names stays one."""
    made: dict = {}

    def copy(name, item):
        key = get_info(item.id).addr
        if key in made:
            target[name] = made[key]
            return
        if isinstance(item, h5py.Group):
            new = target.require_group(name)
        elif _grows(item):
            shape = (count, *item.shape[1:])
            new = target.create_dataset(name, shape, item.dtype, maxshape=item.maxshape, chunks=item.chunks)
            for start in range(0, count, item.chunks[0]):
                stop = min(count, start + item.chunks[0])
                new[start:stop] = item[start:stop]
        else:
            new = target.create_dataset(name, data=item[()])
        made[key] = new
        for attribute, value in item.attrs.items():
            new.attrs[attribute] = value

    _visit(source, copy)


def _visit(group: h5py.Group, call, prefix: str = "") -> None:
    """`call(name, item)` for every link below a group, second names of one object included."""
    for name, item in group.items():
        call(prefix + name, item)
        if isinstance(item, h5py.Group):
            _visit(item, call, f"{prefix}{name}/")
