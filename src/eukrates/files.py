"""Files that are either old or complete, never half, and where those are kept that can be made again."""

import json
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary path beside `path` with the same suffix, to be written inside the block.

    At the end of the block it is flushed to disk and takes the place of `path`; after an error it is gone and `path` is
    as it was. Missing folders are made.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb+") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: str | os.PathLike, data: bytes | str) -> Path:
    """Replace a file by these bytes, or this text in UTF-8."""
    with replacing(path) as temporary:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)
    return Path(path)


def safetensors_metadata(data: bytes) -> dict[str, str]:
    """The free text in the header of a safetensors file, which its library reads from disk only.

    Raises:
        struct.error, ValueError: the bytes are no safetensors file.
    """
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]).get("__metadata__", {})


def cache() -> Path:
    """Where things are kept that can be fetched or made again: $EUKRATES_CACHE, else as the desktop has it."""
    if chosen := os.environ.get("EUKRATES_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eukrates"
