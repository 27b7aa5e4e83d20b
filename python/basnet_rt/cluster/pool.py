"""Workers on a cluster, each with objects that are expensive to make; no task is lost if one dies.

Ray Data is not used: it retries a batch that kills its worker for ever, and does not say which row
did it. Here a task that kills workers is found and set aside.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from basnet_rt._errors import Error
from basnet_rt.cluster.session import Workers

Task = TypeVar("Task")
STRIKES = 3  # workers that a task may kill
AHEAD = 2  # tasks that a worker has: a running one, and the next, so that the worker never waits
SHORT_SECONDS = 0.5  # longest wait for results between two calls of `beat`


@dataclass(frozen=True)
class SetAside:
    """A task that is not tried again."""

    reason: str


@dataclass
class _Ticket(Generic[Task]):
    task: Task
    strikes: int = 0


@dataclass(eq=False)
class _Hand:
    """One worker: an actor, and its tasks in order."""

    actor: Any
    ready: Any  # reference that is available once the actor has started; then None
    node: str = ""
    tickets: dict[Any, _Ticket[Any]] = field(default_factory=dict)


class WorkerPool(Generic[Task]):
    """Gives tasks to workers, in order.

    A worker is an object of a class that Ray makes on some node, with a method `work(task)`. Its
    return value is the result; an exception ends the pool. If a worker dies, its running task is
    tried again elsewhere, until the task has killed `STRIKES` workers. Its waiting tasks, and all
    tasks of a node that died, are given out again without being counted.

    Args:
        ray: the module, connected.
        make: the worker's class.
        arguments: of its constructor; references of `ray.put` may be among them.
        workers: from `fitting`.
    """

    def __init__(
        self,
        ray: Any,
        make: type,
        arguments: Sequence[Any],
        workers: Workers,
        strikes: int = STRIKES,
    ) -> None:
        assert workers.count is not None
        self._ray, self._arguments, self._strikes = ray, arguments, strikes
        options: dict[str, Any] = {"num_cpus": workers.cpus, "max_restarts": 0}
        if workers.gpus:
            options["num_gpus"] = workers.gpus
        self._kind = ray.remote(**options)(make)
        self._count = workers.count
        self._hands: list[_Hand] = []
        self._waiting: deque[_Ticket[Task]] = deque()
        self._births = 0

    def work(
        self, tasks: Sequence[Task], beat: Callable[[], None] = lambda: None
    ) -> Generator[tuple[Task, Any], None, None]:
        """Every task with its result or `SetAside`, as they are done.

        If the caller stops early, all workers are ended.

        Args:
            beat: called every now and then while there is no result.

        Raises:
            Error: no worker can be made; gives the reason of the last attempt.
        """
        self._waiting = deque(_Ticket(task) for task in tasks)
        self._hands = [self._hired() for _ in range(min(self._count, len(tasks)))]
        try:
            while self._hands and (self._waiting or any(hand.tickets for hand in self._hands)):
                self._hand_out()
                yield from self._news()
                beat()
        finally:
            for hand in self._hands:
                self._ray.kill(hand.actor)

    def _hired(self) -> _Hand:
        actor = self._kind.remote(*self._arguments)
        return _Hand(actor, actor.ready.remote())

    def _hand_out(self) -> None:
        """Give each free worker a task, and a second one if there are enough for all."""
        living = [hand for hand in self._hands if hand.ready is None]
        for depth in range(AHEAD):
            for hand in living:
                plenty = depth == 0 or len(self._waiting) > len(living)
                if len(hand.tickets) == depth and self._waiting and plenty:
                    ticket = self._waiting.popleft()
                    hand.tickets[hand.actor.work.remote(ticket.task)] = ticket

    def _news(self) -> Generator[tuple[Task, Any], None, None]:
        """Wait a moment, and return the results that have arrived."""
        whose = {hand.ready: hand for hand in self._hands if hand.ready is not None}
        for hand in self._hands:
            whose |= dict.fromkeys(hand.tickets, hand)
        done, _ = self._ray.wait(list(whose), num_returns=1, timeout=SHORT_SECONDS)
        more, _ = self._ray.wait(list(whose), num_returns=len(whose), timeout=0)
        for reference in [*done, *(one for one in more if one not in done)]:
            hand = whose[reference]
            if hand in self._hands:  # else it died in this round
                yield from self._heard(hand, reference)

    def _heard(self, hand: _Hand, reference: Any) -> Generator[tuple[Task, Any], None, None]:
        errors = self._ray.exceptions
        try:
            answer = self._ray.get(reference)
        except (errors.ActorDiedError, errors.ActorUnavailableError, errors.NodeDiedError) as error:
            yield from self._died(hand, error)
            return
        except errors.RayTaskError as error:
            raise Error(f"a worker failed: {error.cause}") from error
        if reference is hand.ready:
            hand.ready, hand.node, self._births = None, answer, 0
        else:
            yield hand.tickets.pop(reference).task, answer

    def _died(self, hand: _Hand, error: Exception) -> Generator[tuple[Task, Any], None, None]:
        """Start another worker instead of a dead one; put its tasks first again."""
        self._hands.remove(hand)
        self._ray.kill(hand.actor)  # a worker that is only disconnected must stop
        reason = _reason(error)
        self._check_births(hand, reason)
        self._hands.append(self._hired())
        tickets = list(hand.tickets.values())
        if tickets and hand.ready is None and not self._node_is_gone(hand, error):
            tickets[0].strikes += 1
            if tickets[0].strikes >= self._strikes:
                ticket = tickets.pop(0)
                yield ticket.task, SetAside(f"{ticket.strikes} workers were killed by it: {reason}")
        self._waiting.extendleft(reversed(tickets))

    def _check_births(self, hand: _Hand, reason: str) -> None:
        """Stop if workers die while they start; else they would be made for ever."""
        if hand.ready is None:
            return
        if "creation task" in reason:
            raise Error(f"a worker cannot be made: {reason}")
        self._births += 1
        if self._births >= self._strikes * self._count:
            raise Error(f"no worker lives long enough to be given a task: {reason}")

    def _node_is_gone(self, hand: _Hand, error: Exception) -> bool:
        if isinstance(error, self._ray.exceptions.ActorUnavailableError):
            return True  # no answer: the network or the node failed
        alive = {node["NodeID"] for node in self._ray.nodes() if node["Alive"]}
        return hand.node not in alive or "node has died" in str(error).lower()


def _reason(error: Exception) -> str:
    """The sentence in Ray's long message that says how a worker died."""
    text = " ".join(str(error).split())
    for begin in ("Worker exit detail:", "The actor is dead because", "The actor died because"):
        if begin in text:
            text = text.partition(begin)[2].strip()
            break
    return text.split(". ")[0].removesuffix(".")
