"""Data: samples with labels, reading, writing, checking, splitting."""
