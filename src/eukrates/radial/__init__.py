"""Functions of distance: cutoffs and bases."""
