"""What is shown of addresses: nothing that may be a secret."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from basnet_rt import VideoError
from basnet_rt._errors import InvalidValue
from basnet_rt._system.addresses import shown_source, without_secrets
from basnet_rt._system.shown import shown
from basnet_rt.cli.common import note
from basnet_rt.extractors.running.video_files import name_of
from basnet_rt.report.media import find_media
from basnet_rt.video import read_frames

SECRET = "hunter2"


@pytest.mark.parametrize(
    "address",
    [
        f"http://admin:{SECRET}@127.0.0.1:9/a.mp4",
        f"http://127.0.0.1:9/a.mp4?token={SECRET}&x=1",
        f"rtsp://admin:{SECRET}@127.0.0.1:9/a",
        f"http://admin:p@{SECRET}@127.0.0.1:9/a.mp4#{SECRET}",
        f"http://admin:my {SECRET}@127.0.0.1:9/a.mp4",
        f"http://admin:a/{SECRET}@127.0.0.1:9/a.mp4",
        f"rtsp://admin:{SECRET}?@127.0.0.1:9/a",
        f"http://admin:a#{SECRET}@127.0.0.1:9/a.mp4?x=1",
    ],
)
def test_no_message_has_a_password(address: str):
    """Nor has what a traceback prints of its cause."""
    with pytest.raises(VideoError) as refused:
        list(read_frames(address, fps=25))
    told = "".join(traceback.format_exception_only(refused.value))
    causes = f"{refused.value.__cause__!r}"
    assert "127.0.0.1:9/a" in told
    assert SECRET not in told + causes


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("http://h:8080/@user/v.mp4", "http://...@user/v.mp4"),
        ("http://h/users/me@example.org/v.mp4?t=1", "http://...@example.org/v.mp4"),
        ("http://h:8080/%40user/v.mp4?m=a%40b", "http://h:8080/%40user/v.mp4"),
        ("rtsp://u:p@[::1]:8554/live", "rtsp://[::1]:8554/live"),
        ("udp://@239.0.0.1:1234", "udp://@239.0.0.1:1234"),
        (f"http://u:{SECRET}/x@h/a.mp4", "http://...@h/a.mp4"),
        ("rtsp://admin:12345#@127.0.0.1:9/s", "rtsp://...@127.0.0.1:9/s"),
        ("rtsp://admin:12345?@127.0.0.1:9/s", "rtsp://...@127.0.0.1:9/s"),
        ("rtsp://admin:1234/5@host/s", "rtsp://...@host/s"),
        (f"http://h:80/v.mp4?mail=a@b&token={SECRET}", "http://..."),
        (f"http://h/v.mp4?AccessId=a@b.org&Signature={SECRET}", "http://h/v.mp4"),
        (f"http://h/v.mp4;token={SECRET}", "http://h/v.mp4"),
        (f"rtmp://h/app/s pubUser=u pubPasswd={SECRET} live=1", "rtmp://h/app/s"),
        (f"rtsp://h:554/user=admin_password={SECRET}_channel=1", "rtsp://h:554/"),
    ],
)
def test_what_is_shown_of_an_address(address: str, seen: str):
    """Nothing before the last `@` is shown, nor options after the path; twice is as once."""
    assert shown_source(address) == seen
    assert without_secrets(f"error: {seen}: gone") == f"error: {seen}: gone"


@pytest.mark.parametrize(
    "address",
    [
        "http://u:12345#@h/a.mp4",
        f"http://h/b.mp4?note=a b&token={SECRET}.txt",
        f"http://u:{SECRET}@h/x.json?a='b'&token={SECRET}",
        f"http:/u:S3/{SECRET}@h/model.pt",
        f"rtmp://h/app pubPasswd={SECRET}",
    ],
)
@pytest.mark.parametrize("text", ["error: {}: no such file", "'{}', a list", "{} and then"])
def test_no_text_has_a_secret(text: str, address: str):
    """Quotes, blanks and slashes may be part of it."""
    told = without_secrets(text.format(address))
    assert not any(secret in told for secret in (SECRET, "12345", "S3"))
    assert told.endswith(text.partition("{}")[2])


def test_a_page_takes_no_address_that_may_have_a_password():
    """Digits before the slash could be a port."""
    with pytest.raises(InvalidValue, match="may name a user") as refused:
        find_media([f"http://admin:1234/{SECRET}@h/v.mp4"], ["v"])
    assert SECRET not in str(refused.value)
    assert find_media(["http://h/%40user/v.mp4?t=1"], ["v"])["v"].is_url


def test_a_value_of_a_file_is_shown_without_the_password_of_an_address():
    """A long one is cut in its middle, where it would no longer look like an address."""
    assert SECRET not in shown(f"rtsp://u:{SECRET}{'x' * 100}@h/a")


@pytest.mark.parametrize(
    "address",
    [
        f"http://u:{SECRET}#x@h/v.mp4",
        f"http://u:my {SECRET}@h/v.mp4",
        "http://u:12345#@h/v.mp4",
        f"rtmp://h/v pubPasswd={SECRET}",
    ],
)
def test_a_password_is_no_name_of_a_video(address: str):
    assert name_of(address) == "v"


def test_a_path_that_was_an_address_is_printed_without_its_secrets(capsys):
    """`Path` takes one of the two slashes."""
    note(f"error: {Path(f'http://u:{SECRET}@h/x?t={SECRET}')}: no such file")
    assert capsys.readouterr().err == "error: http:/h/x: no such file\n"


def test_text_with_addresses_loses_their_secrets():
    text = f"open http://u:{SECRET}@h/a.ts?k={SECRET} and udp://@239.0.0.1:1234 failed"
    assert without_secrets(text) == "open http://h/a.ts and udp://@239.0.0.1:1234 failed"
