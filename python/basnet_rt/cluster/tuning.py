"""The choices of `basnet_rt.tune` on a cluster: the same settings, each choice by a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

from basnet_rt._errors import Error
from basnet_rt.analysis.tuning import Choice, Chooser, Search
from basnet_rt.cluster.extraction import this_node
from basnet_rt.cluster.pool import SetAside, WorkerPool
from basnet_rt.cluster.session import LOCAL, Workers, connected, fitting


def choosing_on(address: str = LOCAL, workers: Workers | None = None) -> Chooser:
    """A `chooser` for `basnet_rt.tune`.

    Args:
        address: as for `connected`.
        workers: one per core by default, because a choice computes on one.

    The function raises as `connected`, and `Error` if a choice kills its workers.
    """
    wanted = workers or Workers(cpus=1)

    def choose(
        search: Search, sets: Sequence[Sequence[str]], step: Callable[[], None]
    ) -> list[Choice]:
        found: dict[int, Choice] = {}
        with connected(address) as ray:
            pool: WorkerPool[tuple[int, Sequence[str]]] = WorkerPool(
                ray, _ChoosingWorker, (ray.put(search),), fitting(ray, wanted)
            )
            with closing(pool.work(list(enumerate(sets)))) as results:
                for (place, _), choice in results:
                    if isinstance(choice, SetAside):
                        raise Error(f"settings could not be chosen: {choice.reason}")
                    found[place] = choice
                    for _ in range(search.trials):
                        step()
        return [found[place] for place in range(len(sets))]

    return choose


class _ChoosingWorker:
    """Has the activations of all videos."""

    def __init__(self, search: Search) -> None:
        self._search = search

    def ready(self) -> str:
        """The node of this worker."""
        return this_node()

    def work(self, task: tuple[int, Sequence[str]]) -> Choice:
        """The choice on some videos."""
        return self._search.choose(task[1])
