"""A Ray cluster to work on: a running one, or one on this machine that ends with the block."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from basnet_rt._errors import Error, InvalidValue
from basnet_rt._system.extras import from_extra

LOCAL = "local"
_ADDRESS = re.compile(r"local|auto|ray://\S+|[\w.-]+:\d+|\[[0-9a-fA-F:]+\]:\d+")


@dataclass(frozen=True)
class Workers:
    """The share of a cluster that a command uses.

    Attributes:
        count: workers, each with one video at a time; None: as many as fit.
        cpus: cores per worker; decoding and preparing one video keeps two cores busy.
        gpus: per worker; with 0.5, two workers share a GPU.
    """

    count: int | None = None
    cpus: int | None = None
    gpus: float = 0.0


def is_ray_address(text: str) -> bool:
    """Whether `text` names a cluster: local, auto, host:port or ray://host:port."""
    return _ADDRESS.fullmatch(text) is not None


def check_address(text: str) -> None:
    """Refuse a text that names no cluster.

    Raises:
        ValueError: it has another form.
    """
    if not is_ray_address(text):
        raise InvalidValue(f"ray: {text!r}; it must be local, auto, host:port or ray://host:port")


@contextlib.contextmanager
def connected(address: str = LOCAL) -> Iterator[Any]:
    """The module `ray`, connected to a cluster.

    Args:
        address: "local" starts a cluster on this machine's loopback and ends it with the block;
            "auto" is the one that runs on this machine; else host:port or ray://host:port. An
            existing connection is used, and stays.

    Raises:
        ValueError: the address has another form.
        Error: ray is not installed, or no cluster answers.
    """
    check_address(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage reports to its authors
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # the future default
    ray = from_extra("ray", "ray", "working on a cluster")
    if ray.is_initialized():
        yield ray
        return
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address == LOCAL:
        quiet |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise Error(f"ray: no cluster at {address!r}: {error}; start one: ray start") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def fitting(ray: Any, wanted: Workers) -> Workers:
    """The workers that fit on a cluster, at least one.

    By default a worker has two cores, or one if every node has only one.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    cores = [int(node.get("CPU", 0)) for node in nodes]
    cpus = wanted.cpus or min(2, max([1, *cores]))
    rooms = [
        min(core // cpus, int(node.get("GPU", 0) / wanted.gpus) if wanted.gpus else core)
        for core, node in zip(cores, nodes, strict=True)
    ]
    return Workers(wanted.count or max(1, sum(rooms)), cpus, wanted.gpus)
