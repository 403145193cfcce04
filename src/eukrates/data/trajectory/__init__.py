"""Trajectories: frames with units and provenance, append-only and resumable, as H5MD and extended XYZ."""

from eukrates.data.trajectory.cut import keep_h5md
from eukrates.data.trajectory.extxyz import append_extxyz
from eukrates.data.trajectory.frames import Frames, Trajectory
from eukrates.data.trajectory.h5md import append_h5md, create_h5md, read_h5md

__all__ = ["Frames", "Trajectory", "append_extxyz", "append_h5md", "create_h5md", "keep_h5md", "read_h5md"]
