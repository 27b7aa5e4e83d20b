"""Costs of typical corpora: cores, machines, money, storage, network.

They are calculated from measured rates (bench/scale/rates.py); every assumption is an option.

python -m bench.scale.sizes [--core-hour 0.04] [--markdown]
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from typing import Any

from basnet_rt.extractors.motion import MotionExtractor
from bench.scale import rates
from bench.tables import DOCS, markdown_table, publish

HOUR, GIGA = 3600.0, 1e9
I3D_DIM = 2048


@dataclass(frozen=True)
class Source:
    """Videos: how fast a core decodes them, frames a second, and their megabits a second."""

    name: str
    decode: rates.Rate
    megabits: float


@dataclass(frozen=True)
class Reader:
    """An extractor: frames a second and core without decoding to speak of, and its channels."""

    name: str
    rate: rates.Rate
    channels: int


@dataclass(frozen=True)
class Size:
    """Hours of video, and the hours that they may take."""

    name: str
    hours: float
    within: float


def main() -> None:
    options = parsed()
    text = "\n\n".join([corpora(options), cameras(options)])
    publish(DOCS / "scale.md", "sizes", text, write=options.markdown)


def parsed() -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core-hour", type=float, default=0.04, help="price of a core for an hour")
    parser.add_argument("--cores", type=int, default=16, help="of a machine")
    parser.add_argument(
        "--use", type=float, default=0.7, help="share of a core's time to plan with"
    )
    parser.add_argument("--markdown", action="store_true")
    return parser.parse_args()


SIZES = (Size("10,000 hours once, in a day", 1e4, 24.0), Size("1,000 hours a day", 1e3, 24.0))
SOURCES = (Source("320 x 240", rates.DECODE_SMALL, 0.5), Source("1080p", rates.DECODE_1080P, 4.0))


def readers() -> tuple[Reader, ...]:
    motion = MotionExtractor().spec.feature_dim
    return (
        Reader("`motion`", rates.MOTION, motion),
        Reader("`i3d`, RGB and flow, bfloat16", rates.I3D_BFLOAT16, I3D_DIM),
    )


def core_seconds(source: Source, reader: Reader) -> float:
    """Core seconds for one second of video: decode, features, network and post-processing.

    The extractors' rates were measured on small videos, whose decoding is in them.
    """
    decoding = 1 / source.decode.check() - 1 / rates.DECODE_SMALL.check()
    features = rates.GRID_FPS * (decoding + 1 / reader.rate.check())
    return features + rates.NETWORK_750.check() / 750 / rates.SNIPPET_SECONDS


def corpora(options: Any) -> str:
    rows = [
        corpus_row(size, source, reader, options)
        for size in SIZES
        for source in SOURCES
        for reader in readers()
    ]
    header = ["work", "core hours", f"machines of {options.cores} cores", "price"]
    header += ["video, GB", "features, GB", "network, Mbit/s"]
    return markdown_table(header, rows)


def corpus_row(size: Size, source: Source, reader: Reader, options: Any) -> list[str]:
    cost = core_seconds(source, reader) * size.hours
    cores = cost / size.within / options.use
    features = size.hours * HOUR / rates.SNIPPET_SECONDS * reader.channels * 4
    return [
        f"{size.name}, {source.name}, {reader.name}",
        f"{cost:,.0f}",
        f"{math.ceil(cores / options.cores):,}",
        f"{cost / options.use * options.core_hour:,.0f}",
        f"{size.hours * HOUR * source.megabits / 8 * 1e6 / GIGA:,.0f}",
        f"{features / GIGA:,.0f}",
        f"{size.hours / size.within * source.megabits:,.0f}",
    ]


def cameras(options: Any) -> str:
    """10,000 live cameras: decode and features at their own pace, then the service."""
    count, rows = 10_000, []
    network = count / rates.STREAMS_PER_CORE.check() / options.use
    for source in SOURCES:
        for reader in readers():
            at_source = rates.GRID_FPS * (
                1 / source.decode.check() - 1 / rates.DECODE_SMALL.check() + 1 / reader.rate.check()
            )
            cores = count * at_source / options.use
            feature_rate = reader.channels * 4 * 8 / rates.SNIPPET_SECONDS
            rows.append(
                [
                    f"{source.name}, {reader.name}",
                    f"{math.ceil(cores / options.cores):,}",
                    f"{math.ceil(network / options.cores):,}",
                    f"{(cores + network) * options.core_hour:,.0f}",
                    f"{count * source.megabits / 1e3:,.0f}",
                    f"{count * feature_rate / 1e9:,.2f}",
                ]
            )
    header = ["10,000 cameras", "machines, decode and features", "machines, service"]
    header += ["price an hour", "video, Gbit/s", "features, Gbit/s"]
    return markdown_table(header, rows)


if __name__ == "__main__":
    main()
