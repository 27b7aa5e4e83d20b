"""usage: kernel_worker.py BUNDLE...: digests of what the forced kernel computes, as JSON."""

from __future__ import annotations

import hashlib
import json
import sys

import numpy as np
from engine_cases import DTYPES, features_of, pieces_of

import basnet_rt
from basnet_rt.stream import NetworkStream


def digest(*arrays) -> str:
    """Of the bits."""
    whole = hashlib.sha256()
    for one in arrays:
        whole.update(np.ascontiguousarray(one).tobytes())
    return whole.hexdigest()


def digests(model, length: int) -> dict[str, str]:
    """Of one video, whole and in two pieces, and of the state between them."""
    rows = features_of(length, model.feature_dim, seed=length)
    whole = model.forward_with_cas(rows)
    network, parts, states = NetworkStream(model), [], b""
    for piece in pieces_of(rows, [length // 2, length - length // 2]):
        parts.append(network.push(piece))
        states += network.save()
    parts.append(network.flush())
    cut = [np.concatenate(one) for one in zip(*parts, strict=True)]
    return {
        "kernel": model.kernel,
        "whole": digest(whole.activations, whole.cas),
        "cut": digest(*cut),
        "all": digest(*whole) + hashlib.sha256(states).hexdigest(),
    }


def main() -> None:
    found = {}
    for path in sys.argv[1:]:
        for dtype in DTYPES:
            model = basnet_rt.load(path, engine="native", dtype=dtype, num_threads=2)
            for length in (1, 2, 5, 33, 130):
                found[f"{path} {dtype} {length}"] = digests(model, length)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
