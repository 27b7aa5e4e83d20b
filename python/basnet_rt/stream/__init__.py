"""Streams of features: one in a `StreamingLocalizer`, or many in a `StreamPool`."""

from basnet_rt.stream.live_features import Missing, live_features
from basnet_rt.stream.localizer import StreamingLocalizer
from basnet_rt.stream.network import NetworkStream, StreamActivations
from basnet_rt.stream.pool import StreamFull, StreamPool
from basnet_rt.stream.statistics import PoolStatistics, PoolStreamStatistics, StreamStatistics

__all__ = [
    "Missing",
    "NetworkStream",
    "PoolStatistics",
    "PoolStreamStatistics",
    "StreamActivations",
    "StreamFull",
    "StreamPool",
    "StreamStatistics",
    "StreamingLocalizer",
    "live_features",
]
