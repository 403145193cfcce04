"""Laws of physics as potentials."""
