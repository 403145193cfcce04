"""Doors to other programs. Foreign units and orders exist only here."""
