"""Files of someone who means harm: each is a `BundleError`, and none runs or fills anything."""

from __future__ import annotations

import json
import pickle
import resource
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
import tiny_bundle
import torch
from torch import Tensor, nn

import basnet_rt
from basnet_rt import BundleError, _core
from basnet_rt._system.torchscript import quiet_torchscript
from basnet_rt.model.bundle import METADATA_FILE, parse_metadata


class WritesAtLoad(nn.Module):
    """Its `__setstate__` makes a file when torch.jit.load reads it."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.made = torch.zeros(1)

    def forward(self, features: Tensor) -> Tensor:
        return features

    @torch.jit.export
    def __getstate__(self) -> tuple[str, bool]:
        return self.path, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]) -> None:
        self.path = state[0]
        self.training = state[1]
        self.made = torch.from_file(self.path, True, 4096)


@pytest.fixture
def harmful(tmp_path):
    """(bundle, the file that loading it makes)."""
    mark = tmp_path / "made_at_load"
    text = tiny_bundle.metadata().to_json()
    path = tiny_bundle.save(WritesAtLoad(str(mark)), tmp_path / "bad.pt", {METADATA_FILE: text})
    mark.unlink(missing_ok=True)
    return path, mark


def test_code_that_writes_a_file_at_load_is_not_run(harmful):
    path, mark = harmful
    with pytest.raises(BundleError, match="trust_code=True"):
        basnet_rt.load(path)
    with pytest.raises(BundleError):
        _core.read_weights(str(path))
    assert not mark.exists()


def test_the_harmful_bundle_would_write_it(harmful):
    """The test above can fail: trusted, the same file does its harm."""
    path, mark = harmful
    with quiet_torchscript():
        torch.jit.load(str(path))
    assert mark.exists()


def rebuilt(source, path, change):
    """The archive `source` with `change(name, content)` of every entry; None leaves one out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for entry in old.infolist():
            content = change(entry.filename.split("/", 1)[1], old.read(entry))
            if content is not None:
                new.writestr(entry.filename, content)
    return path


def test_one_changed_line_of_code_is_noticed(bundle, tmp_path):
    def change(name, content):
        if name.endswith("three_tap.py"):
            line = b"    self.inner = _4(taps, combine, )\n"
            assert line in content
            return content.replace(line, line + b'    _99 = torch.from_file("x", True, 1)\n')
        return content

    with pytest.raises(BundleError, match="its code is none that"):
        basnet_rt.load(rebuilt(bundle, tmp_path / "changed.pt", change), engine="torch")


def test_code_beside_the_known_code_is_noticed(bundle, tmp_path):
    path = rebuilt(bundle, tmp_path / "more.pt", lambda name, content: content)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("tiny/code/__torch__/more.py", "def f() -> int:\n  return 1\n")
    with pytest.raises(BundleError, match="trust_code"):
        basnet_rt.load(path, engine="torch")


def test_other_names_of_the_same_code_are_known(bundle, tmp_path):
    """What torch's own generated numbers may be: the comparison is not of bytes."""

    def change(name, content):
        return content.replace(b"_53", b"_953") if name.endswith("scripted.py") else content

    basnet_rt.load(rebuilt(bundle, tmp_path / "renamed.pt", change), engine="torch")


@pytest.mark.parametrize("method", ["copied", "resaved"])
def test_copies_of_known_bundles_are_known(bundle, tmp_path, method):
    path = tmp_path / "copy.pt"
    model = basnet_rt.load(bundle, engine="torch")
    if method == "copied":
        basnet_rt.model.rewrite_metadata(bundle, model.metadata, path)
    else:  # as version 0.1 rewrote metadata
        extra = {METADATA_FILE: model.metadata.to_json()}
        with quiet_torchscript():
            torch.jit.save(model.module, str(path), _extra_files=extra)
    for engine in ("native", "torch"):
        assert basnet_rt.load(path, engine=engine).metadata == model.metadata


def test_a_pickle_that_calls_is_refused(bundle, tmp_path):
    class Call:
        def __reduce__(self):
            return print, ("called",)

    def change(name, content):
        return pickle.dumps(Call(), protocol=2) if name == "data.pkl" else content

    path = rebuilt(bundle, tmp_path / "call.pt", change)
    for engine in ("auto", "native", "torch"):
        with pytest.raises(BundleError):
            basnet_rt.load(path, engine=engine)
    with pytest.raises(BundleError):
        _core.read_weights(str(path))


def text_with(**fields) -> str:
    return json.dumps({**json.loads(tiny_bundle.metadata().to_json()), **fields})


NEST = "[" * 100_000 + "]" * 100_000
HOSTILE_TEXTS = {
    "deep": "[" * 5_000_000,
    "deep in a bundle": text_with(provenance=4321).replace("4321", NEST),
    "wide": "[" + "0," * 3_000_000 + "0]",
    "400 digits": text_with(feature_dim=int("9" * 400)),
    "huge exponent": text_with().replace('"fps": 25.0', '"fps": 1e999999999'),
    "NaN": text_with().replace('"fps": 25.0', '"fps": NaN'),
    "twice": text_with().replace('"fps": 25.0', '"fps": 25.0, "fps": 30.0'),
    "UTF-16": text_with().encode("utf-16"),
    "UTF-8 with a mark": text_with().encode("utf-8-sig"),
    "half a pair": text_with(modality="\ud800"),
    "Latin-1": text_with().encode().replace(b"made-up", b"m\xe4de"),
    "zero byte": text_with() + "\0",
    "classes no list": text_with(classes={"a": 1}),
    "a class no text": text_with(classes=["a", ["b"]]),
    "huge class name": text_with(classes=["a" * 20_000_000]),
    "calibration no dictionary": text_with(calibration=[1]),
    "calibration of texts": text_with(calibration={"lo": "abc", "hi": "def"}),
    "extractor no record": text_with(extractor={"name": 1}),
    "threshold no number": text_with(postprocess={"cas_thresholds": [[]]}),
    "empty": "",
}


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_hostile_metadata(name, tmp_path, limited_memory):
    text = HOSTILE_TEXTS[name]
    with pytest.raises(BundleError):
        parse_metadata(text, "m.pt")
    path = tmp_path / "m.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", b"")
        archive.writestr(f"m/extra/{METADATA_FILE}", text)
    with pytest.raises(BundleError, match=r"m\.pt"):
        basnet_rt.load(path)


@pytest.fixture
def limited_memory():
    """A gigabyte more than now, so that a file that takes one fails here and not elsewhere."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def test_a_bomb_is_not_unpacked(tmp_path, limited_memory):
    """200 MB of zeros in 200 KB, as metadata."""
    pieces = zlib.compressobj(9, zlib.DEFLATED, -15)
    blank = bytes(1 << 20)
    packed = b"".join(pieces.compress(blank) for _ in range(200)) + pieces.flush()
    name = f"m/extra/{METADATA_FILE}".encode()
    size = 200 << 20
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(packed), size, len(name), 0)
    local = b"PK\3\4" + common + name + packed
    entry = b"PK\1\2" + struct.pack("<H", 20) + common + bytes(14) + name
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)
    path = tmp_path / "bomb.pt"
    path.write_bytes(local + entry + end)
    with pytest.raises(BundleError, match=r"bomb\.pt.* at most"):
        basnet_rt.load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff" * 8 + b"{}",
        struct.pack("<Q", 2**40) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 30) + b'{"__metadata__":{"basnet_rt.json":1}}',
        struct.pack("<Q", 3) + b"{]}",
        struct.pack("<Q", 1 << 23) + b"{" + b"[" * (1 << 23),
    ],
    ids=["huge", "beyond", "empty", "cut", "no JSON", "deep"],
)
def test_hostile_safetensors(content, tmp_path, limited_memory):
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"m\.safetensors"):
        basnet_rt.load(path)
    with pytest.raises(BundleError, match=r"m\.safetensors"):
        _core.read_weights(str(path))


@pytest.mark.parametrize("engine", ["auto", "native", "torch"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(bundle, tmp_path, engine, value):
    with quiet_torchscript():
        module = torch.jit.load(str(bundle))
        with torch.no_grad():
            module.state_dict()["classifier"][0, 0] = value
        files = {METADATA_FILE: _core.read_metadata(str(bundle))}
        path = tiny_bundle.save(module, tmp_path / "bad.pt", files)
    with pytest.raises(BundleError, match=r"bad.pt: weights: .*classifier.* holds NaN or infinity"):
        basnet_rt.load(path, engine=engine)


def test_a_name_with_a_nul_is_not_cut(bundle):
    with pytest.raises(BundleError, match="the name holds a NUL"):
        basnet_rt.load(f"{bundle}\0")
