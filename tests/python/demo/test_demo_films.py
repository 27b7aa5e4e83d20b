"""The films: the same bytes for the same seed, however they are made, and as long as they say."""

from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest

from basnet_demo import dataset, film
from basnet_demo.dataset import film_path, write_films
from basnet_demo.scene import HEIGHT, WIDTH, pictures
from basnet_demo.script import FPS
from basnet_rt import Error


@pytest.fixture(scope="module")
def films(short_scripts, tmp_path_factory):
    """Three short scripts, and the folder they were drawn into by two processes."""
    folder = tmp_path_factory.mktemp("films")
    chosen = [replace(one, duration=1.2) for one in short_scripts[1:4]]
    left = []
    write_films(folder, chosen, processes=2, advance=left.append)
    assert left == [3, 2, 1, 0]
    return folder, chosen


def test_one_process_writes_the_same_bytes_as_two(films, tmp_path):
    """Catches randomness that depends on what was drawn before, or on the process."""
    folder, scripts = films
    write_films(tmp_path, scripts[::-1], processes=1, advance=lambda left: None)
    for script in scripts:
        assert film_path(tmp_path, script).read_bytes() == film_path(folder, script).read_bytes()


def test_another_seed_gives_other_pictures(films):
    _, scripts = films
    first, other = (next(pictures(one)) for one in (scripts[0], replace(scripts[0], seed=99)))
    assert np.abs(first.astype(int) - other).mean() > 5


def test_a_film_is_as_long_as_its_script_says(films):
    folder, scripts = films
    for script in scripts:
        with av.open(str(film_path(folder, script))) as container:
            stream = container.streams.video[0]
            frames = list(container.decode(stream))
            assert (stream.width, stream.height) == (WIDTH, HEIGHT)
            assert len(frames) == round(script.duration * FPS)
            assert [frame.time for frame in frames] == pytest.approx(
                np.arange(len(frames)) / FPS, abs=1e-6
            )


def test_decoded_pictures_are_the_drawn_ones(films):
    """Catches swapped colours, and pictures out of order."""
    folder, scripts = films
    with av.open(str(film_path(folder, scripts[0]))) as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for seen, drawn in zip(decoded, pictures(scripts[0]), strict=True):
        assert np.abs(seen.astype(int) - drawn).mean() < 8
        assert np.abs(seen[..., ::-1].astype(int) - drawn).mean() > 8


def test_films_that_are_there_are_not_drawn_again(films, monkeypatch):
    folder, scripts = films
    gone = film_path(folder, scripts[1])
    before = gone.read_bytes()
    gone.unlink()
    drawn = []
    monkeypatch.setattr(dataset, "pictures", lambda one: drawn.append(one.name) or pictures(one))
    write_films(folder, scripts, processes=1, advance=lambda left: None)
    assert drawn == [scripts[1].name]
    assert gone.read_bytes() == before


def test_without_h264_films_are_mpeg4(films, tmp_path, monkeypatch):
    """Some builds of FFmpeg have no encoder of H.264."""
    _, scripts = films
    monkeypatch.setattr(av, "codecs_available", av.codecs_available - {"libx264"})
    film.write_film(tmp_path / "a.mp4", pictures(scripts[0]), fps=FPS)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"
        assert len(list(container.decode(video=0))) == round(scripts[0].duration * FPS)


def test_a_film_that_fails_leaves_nothing(films, tmp_path):
    def failing():
        yield from list(pictures(films[1][0]))[:5]
        raise Error("no more")

    with pytest.raises(Error, match="no more"):
        film.write_film(tmp_path / "a.mp4", failing(), fps=FPS)
    assert list(tmp_path.iterdir()) == []
