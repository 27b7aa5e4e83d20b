"""A reader of readers.py under libFuzzer, which keeps the files that reach new code.

    pip install atheris
    python tests/fuzz/guided_readers.py READER FOLDER -max_total_time=3600

The folder keeps those files, and is where the next run starts. The first finding ends the run.
"""

from __future__ import annotations

import random
import sys
import tempfile
import warnings
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

with atheris.instrument_imports(include=["basnet_rt", "basnet_training"]):
    from damage import damaged
    from fuzz.readers import Target, finding, targets, versions


def mutator(target: Target):
    """Half of the changes are of text and of JSON's values, the others of bytes."""

    def mutate(content: bytes, most: int, seed: int) -> bytes:
        dice = random.Random(seed)
        kind = dice.randrange(4)
        if kind == 0:
            return next(versions(target, dice)).encode()[:most]
        if kind == 1 and content:
            return damaged(content.decode(errors="replace"), dice).encode()[:most]
        return bytes(atheris.Mutate(content, most))

    return mutate


def main() -> None:
    warnings.simplefilter("error")
    name, corpus, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        target = targets(Path(folder))[name]
        Path(corpus).mkdir(parents=True, exist_ok=True)
        (Path(corpus) / "undamaged").write_text(target.text, newline="")

        def run(content: bytes) -> None:
            if (wrong := finding(target, content, Path(folder))) is not None:
                raise AssertionError(wrong)

        arguments = [sys.argv[0], corpus, *options]
        atheris.Setup(arguments, run, custom_mutator=mutator(target))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
