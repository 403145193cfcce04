"""Eukrates: machine learning coupled with fundamental physics for atomistic simulation."""
