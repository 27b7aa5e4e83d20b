"""Extractors by name and by record."""

from __future__ import annotations

import subprocess
import sys

import pytest

from basnet_rt import BundleError, InvalidValue
from basnet_rt.extractors import ExtractorSpec, extractor_from_spec, make_extractor, names, registry
from basnet_rt.video.frames import FrameFormat


def spec(**changes) -> ExtractorSpec:
    fields = {
        "name": "plain", "version": 1, "feature_dim": 2, "fps": 25.0, "snippet_frames": 16,
        "snippet_stride": 16, "frames": FrameFormat(), "settings": {"size": 3},
    }  # fmt: skip
    return ExtractorSpec(**{**fields, **changes})


class Plain:
    """An extractor without weights that is made again from its settings."""

    def __init__(self, *, size: int, threads: int = 1) -> None:
        if size < 0:
            raise InvalidValue(f"size: got {size}")
        self.threads = threads
        self.spec = spec(settings={"size": size})


@pytest.fixture
def plain(monkeypatch):
    table = {**registry._CLASSES, "plain": (__name__, "Plain")}
    monkeypatch.setattr(registry, "_CLASSES", table)
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])


def test_the_extractors_are_there_the_default_first():
    libraries = ("hf:NAME", "timm:NAME", "torchvision:NAME")
    assert names() == ("motion", "cnn", "i3d", "torchscript", "onnx", *libraries)


def test_extractors_on_record_say_whether_they_take_a_device():
    """Catches a network without a file of weights of its own that stays on the CPU."""
    parts = (spec(name="motion"), spec(name="cnn"))
    joined = spec(name="motion+cnn", feature_dim=4, settings={}, parts=parts)
    assert [registry.takes(one, "device") for one in (*parts, joined)] == [False, True, True]


def test_names_and_settings_that_are_not_there_are_answered_with_those_that_are(plain):
    """Catches a TypeError of a constructor, which names no extractor."""
    with pytest.raises(
        InvalidValue, match="extractor 'i4d': there are motion, cnn, i3d, torchscript"
    ):
        make_extractor("i4d")
    with pytest.raises(InvalidValue, match="extractor plain: no setting a, b; it has size, thr"):
        make_extractor("plain", b=1, a=2, size=3)
    with pytest.raises(InvalidValue, match="extractor plain: needs the setting size"):
        make_extractor("plain")


def test_a_record_without_weights_is_made_of_its_settings(plain):
    """Catches settings lost on the way through JSON."""
    made = extractor_from_spec(spec().to_dict(), threads=2)
    assert made.spec == spec()
    assert made.threads == 2
    with pytest.raises(InvalidValue, match=r"weights: extractor plain has none, got a\.pt"):
        extractor_from_spec(spec(), "a.pt")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "i4d"}, "extractor 'i4d': this program has motion, cnn, i3d"),
        ({"version": 2}, "extractor plain: this program makes version 1, not 2"),
        ({"fps": 30.0, "feature_dim": 5}, "makes feature_dim 2, not 5; fps 25.0, not 30.0"),
        ({"frames": FrameFormat(short_side=9)}, "makes frames.short_side None, not 9"),
        ({"settings": {"size": -1}}, "cannot be made as recorded: size: got -1"),
        ({"settings": {"siez": 3}}, "cannot be made as recorded: .* no setting siez"),
    ],
)
def test_a_record_of_something_else_is_refused_and_says_what_differs(changes, message, plain):
    """Catches features of another version or timing under the same name."""
    with pytest.raises(BundleError, match=message):
        extractor_from_spec(spec(**changes))


def test_listing_extractors_imports_no_package_of_an_extra():
    """Catches a `--help` that waits for torch."""
    code = (
        "import sys, basnet_rt.extractors\n"
        "print(sorted({'torch', 'cv2', 'av', 'onnxruntime', 'pydantic', 'yaml'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
