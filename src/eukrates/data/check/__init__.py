"""Checks of data before training: labels, units, signs, copies, distances, outliers, charge and spin."""

from eukrates.data.check.examine import check
from eukrates.data.check.finding import Finding
from eukrates.data.check.report import Report

__all__ = ["Finding", "Report", "check"]
