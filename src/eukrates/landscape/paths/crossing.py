"""`crossings`: every pass of a band, refined and followed down on both sides."""

from dataclasses import dataclass

from eukrates.landscape.expansion import NotFinite
from eukrates.landscape.paths.band import Band
from eukrates.landscape.paths.saddle import Saddle, climbing_direction, refine_saddle
from eukrates.landscape.paths.sides import sides
from eukrates.landscape.relax import Relaxed, Target
from eukrates.potential import Potential


@dataclass(frozen=True, eq=False)
class Crossing:
    """What became of a pass of a band."""

    image: int  # that was higher than its neighbours
    saddle: Saddle | None  # with one mode that leads down; None: there is none
    rests: tuple[Relaxed, Relaxed] | None  # on both sides, both at rest; None: not both are
    said: str  # what is missing; "": nothing


def crossings(potential: Potential, fast: Potential, band: Band, target: Target) -> list[Crossing]:
    """Of all images that are higher than their neighbours, in their order.

    Args:
        potential: with second derivatives.
        fast: the same for inference, see `Potential.for_inference`.
        band: converged or not.
        target: where descents end.
    """
    return [_crossing(potential, fast, band, image, target) for image in band.tops]


def _crossing(potential: Potential, fast: Potential, band: Band, image: int, target: Target) -> Crossing:
    none = lambda said: Crossing(image, None, None, said)
    try:
        saddle = refine_saddle(potential, band.structures[image], climbing_direction(band, image))
    except NotFinite:
        return none(f"forces or Hessian are not finite at image {image}")
    if saddle.vibrations is None:
        return none(f"no stationary point was found from image {image} ({saddle.force:.2g} eV/Å are left)")
    if not saddle.true:
        modes = saddle.vibrations.imaginary
        return none(f"the stationary point near image {image} has {modes} modes that lead down")
    (rests,) = sides(fast, [saddle], target)
    if loose := [one for one in rests if not one.converged]:
        said = f"a descent from the saddle point near image {image} did not come to rest: {loose[0].ending.words}"
        return Crossing(image, saddle, None, said)
    return Crossing(image, saddle, rests, "")
