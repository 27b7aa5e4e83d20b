"""Run by an interpreter that has the wheel and NumPy: what needs more, and what each says.

usage: without_torch.py BUNDLE
"""

import importlib.util
import sys

import numpy as np

import basnet_rt


def attempts(bundle):
    model = basnet_rt.load(bundle)
    features = np.zeros((4, model.feature_dim), np.float32)
    found = basnet_rt.Localizer(model)(features)
    return {
        "load engine": lambda: basnet_rt.load(bundle, engine="torch"),
        "load device": lambda: basnet_rt.load(bundle, device="cuda"),
        "load dtype": lambda: basnet_rt.load(bundle, engine="torch", dtype="bfloat16"),
        "table": lambda: found.to_pandas(),
        "arrow": lambda: found.to_arrow(),
        "extractor": lambda: basnet_rt.extractors.make_extractor("i3d", weights="x"),
        "hf": lambda: basnet_rt.extractors.make_extractor("hf:name"),
        "timm": lambda: basnet_rt.extractors.make_extractor("timm:name"),
        "onnx": lambda: basnet_rt.extractors.make_extractor("onnx", contract="x", weights="y"),
    }


def main(bundle):
    assert importlib.util.find_spec("torch") is None, "this environment was to have no torch"
    for name, attempt in attempts(bundle).items():
        try:
            attempt()
        except (basnet_rt.Error, ImportError) as error:
            print(f"{name}: {type(error).__name__}: {' '.join(str(error).split())}")
        else:
            raise SystemExit(f"{name}: works without")


if __name__ == "__main__":
    main(*sys.argv[1:])
