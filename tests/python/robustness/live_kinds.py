"""Rows on cameras, on names and folders of videos, and on the report."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path

from outcomes import Row, refused

_CAMERA, _NAMES, _REPORT = "Cameras and live sources", "Names and folders", "The report"
_RATE = 25


def _seen(stamps: list[Fraction | None], arrivals: list[float], **how: bool) -> str:
    """What the clock of live sources makes of pictures that arrive at such seconds."""
    from basnet_rt.video.live.clock import LiveClock

    problems: Counter[str] = Counter()
    clock = LiveClock(Fraction(2), Fraction(1, _RATE), problems, **how)
    times = [clock.time_of(stamp, at) for stamp, at in zip(stamps, arrivals, strict=True)]
    jumps = sum(one.jumped for one in times if one is not None)
    counted = ", ".join(f"{name} {number}" for name, number in problems.items() if number)
    said = f"{len(times)} pictures, the last at {float(clock.last):.2f} s, gaps: {jumps}"
    rate = "" if clock.drift is None else f"; its clock is {clock.rate:.2f} times too slow"
    return f"{said}; counted: {counted or 'nothing'}{rate}"


def _steady(count: int) -> list[Fraction | None]:
    return [Fraction(k, _RATE) for k in range(count)]


def _wild(folder: Path, shared: Path) -> str:
    stamps = _steady(100)
    stamps[50] = Fraction(1000)
    return _seen(stamps, [k / _RATE for k in range(100)])


def _jump(folder: Path, shared: Path) -> str:
    stamps = [one + (1000 if k >= 50 else 0) for k, one in enumerate(map(Fraction, _steady(100)))]
    return _seen([*stamps], [k / _RATE for k in range(100)])


def _no_clock(folder: Path, shared: Path) -> str:
    return _seen(_steady(100), [k * 0.19 for k in range(100)], by_arrival=True)


def _slow(folder: Path, shared: Path) -> str:
    return _seen(_steady(1500), [1.1 * k / _RATE for k in range(1500)])


def _no_stamps(folder: Path, shared: Path) -> str:
    return _seen([None] * 100, [k / _RATE for k in range(100)])


def _message(folder: Path, shared: Path) -> str:
    from basnet_rt._system.addresses import without_secrets

    return f"reads `{without_secrets('no answer: rtsp://admin:hunter2@camera/live?token=1')}`"


def _file_as_camera(folder: Path, shared: Path) -> str:
    from basnet_rt.video.live.source import open_live

    return refused(lambda: open_live(str(folder / "clip.mp4"), fps=25))


def _found(folder: Path, *names: str) -> str:
    from basnet_rt.extractors.running.judging import passed_over
    from basnet_rt.extractors.running.video_files import find_video_files

    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(bytes(8))
    videos, errors = find_video_files([str(folder)])
    left = ", ".join(one.name for one in passed_over(folder))
    said = "videos " + ", ".join(f"`{one.name}`" for one in videos)
    return "; ".join([said, *(["passed over: " + left] if left else []), *map(str, errors)])


def _equal_names(folder: Path, shared: Path) -> str:
    return _found(folder, "front/day.mp4", "rear/day.mp4")


def _fork(folder: Path, shared: Path) -> str:
    return _found(folder, "x.mp4", "._x.mp4")


def _unknown_ending(folder: Path, shared: Path) -> str:
    return _found(folder, "x.mp4", "y.unknown")


def _escapes(folder: Path, shared: Path) -> str:
    from basnet_rt._system.addresses import local_path

    return f"is the file `{local_path('file:///a%20b.mp4')}`"


def _results(folder: Path, media: str) -> tuple[dict[str, dict[str, str]], Path]:
    (folder / "results").mkdir()
    (folder / "secret.mp4").write_bytes(b"x")
    return {"media": {"v": media}}, folder / "results" / "r.json"


def _outside(folder: Path, shared: Path) -> str:
    from basnet_rt.report.media import recorded_media

    given, path = _results(folder, "../secret.mp4")
    return refused(lambda: recorded_media(given, path, ["v"], embed=True))


def _not_a_video(folder: Path, shared: Path) -> str:
    from basnet_rt.report.media import recorded_media

    given, path = _results(folder, "r.json")
    path.write_text("{}")
    return f"{len(recorded_media(given, path, ['v'], embed=True))} files taken"


def _recorded_address(folder: Path, shared: Path) -> str:
    from basnet_rt.report.media import recorded_media

    given, path = _results(folder, "https://example.org/v.mp4")
    return f"{len(recorded_media(given, path, ['v']))} addresses taken; `--video` names one"


def _policy(folder: Path, shared: Path) -> str:
    from basnet_rt.report.media import find_media, origins

    address = "https://example.org/v.mp4; script-src *"
    return f"the policy has `{' '.join(origins(find_media([address], ['v']).values()))}`"


def _script(folder: Path, shared: Path) -> str:
    from basnet_rt.report.packing import json_in_html

    text = json_in_html("</script>")
    assert json.loads(text) == "</script>"
    return f"written as `{text}`"


ROWS: list[Row] = [
    (_CAMERA, "one timestamp 998 s too late", "100 pictures at 25 a second", _wild),
    (_CAMERA, "a clock that leaps by 1000 s and goes on", "the same, the leap after 2 s", _jump),
    (_CAMERA, "no clock of its own", "100 pictures that arrive in 19 s", _no_clock),
    (_CAMERA, "no timestamps", "100 pictures that arrive in 4 s", _no_stamps),
    (_CAMERA, "a clock that runs slow", "1500 pictures, a tenth slower than stamped", _slow),
    (_CAMERA, "a secret in a message", "`rtsp://admin:hunter2@camera/live?token=1`", _message),
    (_CAMERA, "a file in place of a camera", "`clip.mp4`", _file_as_camera),
    (_NAMES, "equal names in two folders", "`front/day.mp4`, `rear/day.mp4`", _equal_names),
    (_NAMES, "a resource fork", "`._x.mp4` beside `x.mp4`", _fork),
    (_NAMES, "an unknown ending", "`y.unknown` beside `x.mp4`", _unknown_ending),
    (_NAMES, "an address of a file, with escapes", "`file:///a%20b.mp4`", _escapes),
    (_REPORT, "results that name a file elsewhere, to embed", "`../secret.mp4`", _outside),
    (_REPORT, "results that name a file that is no video", "`r.json`", _not_a_video),
    (_REPORT, "results that name an address", "`https://example.org/v.mp4`", _recorded_address),
    (_REPORT, "an address that adds to the policy", "`...v.mp4; script-src *`", _policy),
    (_REPORT, "a label that ends the script", "`</script>`", _script),
]
