"""Arrays that claim to lie on a GPU: DLPack capsules made by hand, on host memory.

Nothing may read them. What is told apart before that, and what becomes of a capsule, can be tested.
Source of the structs: https://dmlc.github.io/dlpack/latest/c_api.html
"""

from __future__ import annotations

import ctypes

CUDA, CPU = 2, 1
NOWHERE = 99  # no machine has so many GPUs: a call that gets as far as the device ends there

_new = ctypes.pythonapi.PyCapsule_New
_new.restype = ctypes.py_object
_new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_name = ctypes.pythonapi.PyCapsule_GetName
_name.restype = ctypes.c_char_p
_name.argtypes = [ctypes.py_object]


class Tensor(ctypes.Structure):
    """DLTensor"""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Managed(ctypes.Structure):
    """DLManagedTensor"""

    _fields_ = (("tensor", Tensor), ("context", ctypes.c_void_p), ("deleter", DELETER))


class Versioned(ctypes.Structure):
    """DLManagedTensorVersioned"""

    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", DELETER),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    )


class FakeGpuArray:
    """An array as a library with DLPack gives it; keep it as long as its capsules.

    Attributes:
        streams: what `__dlpack__` was called with.
        deleted: how often a consumer gave the memory back.
    """

    def __init__(
        self,
        shape,
        *,
        device=NOWHERE,
        device_type=CUDA,
        kind=(2, 32, 1),
        strides=None,
        version=None,
    ) -> None:
        self.shape, self.streams, self.deleted = tuple(shape), [], 0
        self._device = (device_type, device)
        self._memory = ctypes.create_string_buffer(64)
        self._deleter = DELETER(self._count)
        tensor = Tensor(ctypes.addressof(self._memory), device_type, device, len(shape), *kind)
        tensor.shape = (ctypes.c_int64 * len(shape))(*shape)
        if strides is not None:
            tensor.strides = (ctypes.c_int64 * len(shape))(*strides)
        if version is None:
            self._managed = Managed(tensor, None, self._deleter)
        else:
            self._managed = Versioned(*version, None, self._deleter, 0, tensor)
        self._capsule_name = b"dltensor" if version is None else b"dltensor_versioned"

    def _count(self, _pointer) -> None:
        self.deleted += 1

    def __dlpack_device__(self):
        return self._device

    def __dlpack__(self, *, stream=None):
        self.streams.append(stream)
        return self.capsule()

    def capsule(self):
        """A new capsule, without the destructor that a library would give it."""
        return _new(ctypes.addressof(self._managed), self._capsule_name, None)


def capsule_name(capsule) -> str:
    """What a capsule is called now."""
    return _name(capsule).decode()
