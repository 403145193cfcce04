"""A layer of SpookyNet for inference on the CPU: the same, with perceptrons and sums over pairs by kernels."""

from typing import cast

import equinox as eqx

from eukrates.models.spookynet import attention, local, messages, perceptrons
from eukrates.models.spookynet.dense import Stack
from eukrates.models.spookynet.layer import Layer
from eukrates.models.spookynet.messages import FusedSums
from eukrates.models.spookynet.perceptrons import Perceptron, Perceptrons


def fusible(features: int, activation: str) -> bool:
    """Whether there are kernels for such a network on this machine."""
    fits = features % perceptrons.MULTIPLE == 0 and activation == "swish"
    return fits and messages.available() and perceptrons.available()


def fused(layer: Layer) -> Layer:
    """The layer by kernels, in single precision. It has first derivatives by what it is given, and no others."""
    if isinstance(layer.local.branches, Perceptrons):
        return layer
    where = lambda one: [one.before, one.after, one.out, one.local.branches, one.local.out, one.local.sums]
    single = lambda member: member if isinstance(member, Stack) and not member.layers else Perceptron(member)
    near = Perceptrons([cast(dict, layer.local.branches)[name] for name in local.BRANCHES])
    parts = [single(layer.before), single(layer.after), single(layer.out), near, single(layer.local.out), FusedSums()]
    whole = {id(node) for node in where(layer)}
    made = eqx.tree_at(where, layer, parts, is_leaf=lambda node: id(node) in whole)
    if layer.distant is None or isinstance(layer.distant.branches, Perceptrons):
        return made
    far = Perceptrons([cast(dict, layer.distant.branches)[name] for name in attention.BRANCHES])
    return eqx.tree_at(lambda one: one.distant.branches, made, far)
