"""The speed of a bundle on this machine, by engine, kernel, dtype and number of threads."""

from basnet_rt.benchmark.cases import Setup, planned
from basnet_rt.benchmark.machine import machine
from basnet_rt.benchmark.measures import Measured
from basnet_rt.benchmark.running import measure

__all__ = ["Measured", "Setup", "machine", "measure", "planned"]
