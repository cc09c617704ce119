"""What is dear to make is made once: a cache bounded by weight, for several threads.

Who asks for something that is being made waits for it instead of making it again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class OnceCache(Generic[T]):
    """The most recently used values, together no heavier than `limit` (the last one excepted)."""

    def __init__(
        self,
        limit: int,
        weight: Callable[[T], int],
        dropped: Callable[[T], Any] = lambda _: None,
    ) -> None:
        self._limit, self._weight, self._dropped = limit, weight, dropped
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, Future[T]] = OrderedDict()
        self.made = 0  # how many values were made

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of a key, made by `make` where it is not there. What fails is not kept."""
        with self._lock:
            known = self._values.get(key)
            future = known or Future()
            self._values[key] = future
            self._values.move_to_end(key)
        if known:
            return known.result()
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                self._values.pop(key, None)
            future.set_exception(error)
            raise
        with self._lock:
            self.made += 1
        future.set_result(value)
        self._shed()
        return value

    def _shed(self) -> None:
        """Forget the values used longest ago."""
        with self._lock:
            there = [(key, f.result()) for key, f in self._values.items() if f.done()]
            excess = sum(self._weight(value) for _, value in there) - self._limit
            gone = []
            for key, value in there[:-1]:
                if excess <= 0:
                    break
                excess -= self._weight(value)
                del self._values[key]
                gone.append(value)
        for value in gone:
            self._dropped(value)
