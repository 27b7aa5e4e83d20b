"""One process, or several under `torchrun`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from basnet_rt import InvalidValue


@dataclass(frozen=True)
class Processes:
    """This process's rank among `world`, and its device."""

    rank: int
    world: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def wrap(self, network: nn.Module) -> nn.Module:
        """Average gradients over the processes, if there are several."""
        if self.world == 1:
            return network
        places = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=places)

    def wait(self) -> None:
        """Return when every process has called this."""
        if self.world > 1:
            distributed.barrier()


@contextmanager
def processes(device: str) -> Iterator[Processes]:
    """Join the group that torchrun's environment describes, and leave it at the end."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    chosen = choose_device(device, local)
    if world == 1:
        yield Processes(0, 1, chosen)
        return
    distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Processes(distributed.get_rank(), world, chosen)
    finally:
        distributed.destroy_process_group()


def choose_device(name: str, local_rank: int = 0) -> torch.device:
    """The named device; "auto" is a GPU if there is one. "cuda" is the GPU of this rank."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InvalidValue(f"device: {error}") from error
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise InvalidValue(f"device {name!r}: this machine has no usable GPU")
        device = torch.device("cuda", device.index if device.index is not None else local_rank)
        torch.cuda.set_device(device)
    return device
