"""A network of Python functions behind C function pointers, and a pool that runs it."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, byref, c_int32, c_int64, c_size_t, c_uint8, c_void_p
from typing import Any

import numpy as np
from c_library import OK, CApi, config_of, detections, rows_of

from basnet_rt import Detections, PostprocessConfig

CLASSES = FEATURES = 2
SECONDS = 0.5


class Batch(ctypes.Structure):
    _fields_ = (
        ("size", c_int64),
        ("slots", POINTER(c_int64)),
        ("fresh", POINTER(c_uint8)),
        ("num_rows", c_int64),
        ("feature_dim", c_int64),
        ("features", c_void_p),
    )


_Step = CFUNCTYPE(c_int32, c_void_p, POINTER(Batch), c_void_p)
_Save = CFUNCTYPE(c_int32, c_void_p, c_int64, POINTER(c_void_p))
_Load = CFUNCTYPE(c_int32, c_void_p, c_int64, c_void_p, c_size_t)
_Release = CFUNCTYPE(None, c_void_p)


class Functions(ctypes.Structure):
    _fields_ = (
        ("struct_size", c_size_t),
        ("user_data", c_void_p),
        ("step", _Step),
        ("flush", _Step),
        ("save", _Save),
        ("load", _Load),
        ("release", _Release),
    )


class Delay:
    """Activations are the features, one snippet late: a state per slot, one row to flush."""

    def __init__(self, api: CApi, *, raw: bool = False) -> None:
        self.api, self.raw = api, raw
        self.last: dict[int, np.ndarray] = {}
        self.broken = False
        self.users: list[Any] = []  # the user data of each call
        self.released = 0
        callbacks = (_Step(self.step), _Step(self.flush), _Save(self.save), _Load(self.load))
        size = ctypes.sizeof(Functions)
        self.functions = Functions(size, 4711, *callbacks, _Release(self.release))

    def step(self, user: int, batch: Any, output: int) -> int:
        self.users.append(user)
        if self.broken:
            self.api.pool_output_set_error(output, b"out of order")
            return 3
        asked, answers = batch.contents, []
        shape = (asked.size, asked.num_rows, asked.feature_dim)
        count = int(np.prod(shape))
        rows = np.frombuffer(ctypes.string_at(asked.features, 4 * count), np.float32).reshape(shape)
        for i in range(asked.size):
            slot = asked.slots[i]
            if asked.fresh[i]:
                self.last.pop(slot, None)
            before = [self.last[slot]] if slot in self.last else []
            answers.append(np.array([*before, *rows[i][:-1]], np.float32).reshape(-1, FEATURES))
            self.last[slot] = rows[i][-1].copy()
        return self.answer(answers, output)

    def flush(self, user: int, batch: Any, output: int) -> int:
        slots = [batch.contents.slots[i] for i in range(batch.contents.size)]
        return self.answer([self.last[slot][None] for slot in slots], output)

    def answer(self, rows: list[np.ndarray], output: int) -> int:
        most = max(len(own) for own in rows)
        if self.api.pool_output_resize(output, most) != OK:
            return 1
        counts = np.array([len(own) for own in rows], np.int64)
        padded = np.zeros((len(rows), most, CLASSES), np.float32)
        for place, own in zip(padded, rows, strict=True):
            place[most - len(own) :] = own
        raw = np.concatenate([padded, np.zeros((len(rows), most, 1), np.float32)], 2)
        columns = {"counts": counts, "activations": padded}
        if self.raw:
            columns["raw_cas"] = np.ascontiguousarray(raw)
        for name, values in columns.items():
            place = getattr(self.api, f"pool_output_{name}")(output)
            ctypes.memmove(place, values.ctypes.data, values.nbytes)
        return 0

    def save(self, user: int, slot: int, state: Any) -> int:
        row = self.last[slot].tobytes()
        return self.api.bytes_create(row, len(row), state)

    def load(self, user: int, slot: int, data: int, size: int) -> int:
        self.last[slot] = np.frombuffer(ctypes.string_at(data, size), np.float32)
        return 0

    def release(self, user: int) -> None:
        self.released += 1


class Pool:
    """Calls of one pool; `free` ends it."""

    def __init__(self, api: CApi, config: PostprocessConfig, network: Delay, **options: int):
        self.api = api
        settings, chosen = config_of(api, config), api.made("pool_options_create")
        alarm = (ctypes.c_double * 1)(0.5)
        api.checked("pool_options_set_alarm", chosen, alarm, 1, 0.0)
        api.checked("pool_options_set_max_delay", chosen, 0.001)
        for name, value in options.items():
            api.checked("pool_options_set_integer", chosen, name.encode(), value)
        arguments = (byref(network.functions), settings, CLASSES, FEATURES, SECONDS, chosen)
        self.handle = api.made("pool_create", *arguments)
        api.config_free(byref(settings))
        api.pool_options_free(byref(chosen))

    def number(self, name: str, *arguments: Any, kind: Any = c_int32) -> int:
        value = kind()
        self.api.checked(f"pool_{name}", self.handle, *arguments, byref(value))
        return value.value

    def open(self) -> int:
        return self.number("open", kind=c_int64)

    def push(self, stream: int, rows: np.ndarray, timeout: float = float("inf")) -> int:
        return self.number("push", stream, byref(rows_of(rows)), timeout)

    def call(self, name: str, *arguments: Any) -> None:
        self.api.checked(f"pool_{name}", self.handle, *arguments)

    def finals(self, name: str, stream: int, *arguments: Any) -> Detections:
        found = self.api.made(f"pool_{name}", self.handle, stream, *arguments)
        return detections(self.api, found, "continuous")

    def onsets(self, stream: int) -> list[tuple[Any, ...]]:
        found = self.api.made("pool_poll_onsets", self.handle, stream)
        names = ("labels", "times", "decided", "activations")
        columns = self.api.columns("onsets", *names, of=found)
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def free(self) -> None:
        self.api.pool_free(byref(self.handle))
