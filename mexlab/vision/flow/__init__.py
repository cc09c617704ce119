"""Optical flow between two face crops, in percent of the inter-ocular distance on a 28 x 28 grid.

u is positive to the right, v downwards; a horizontal flip of the picture therefore negates u. A
method is one function in one file here, from two grey pictures to a field in px, and a line in
`FLOW_METHODS`; it must give the same field for the same pictures in any process.
"""

from mexlab.vision.flow.dis import dis
from mexlab.vision.flow.farneback import farneback
from mexlab.vision.flow.field import Flow, FlowMethod, grey, reduced
from mexlab.vision.flow.head import without_head_motion
from mexlab.vision.flow.tvl1 import tvl1

__all__ = [
    "FLOW_METHODS",
    "Flow",
    "FlowMethod",
    "dis",
    "farneback",
    "grey",
    "reduced",
    "tvl1",
    "without_head_motion",
]

FLOW_METHODS: dict[str, FlowMethod] = {"farneback": farneback, "dis": dis, "tv-l1": tvl1}
