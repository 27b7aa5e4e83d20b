"""Objects by name in a place: a folder, or an address that fsspec opens (s3://, gs://, ...)."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from basnet_rt._errors import Error
from basnet_rt._system.addresses import is_address, local_path, shown_source
from basnet_rt._system.extras import from_extra
from basnet_rt._system.whole_file import whole

# libavformat reads these by itself, without a copy.
_READ_BY_DECODER = ("http", "https", "rtmp", "rtmps", "hls", "mms")
# In these stores, an object appears only when it is complete; elsewhere a rename is needed.
_WHOLE = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci", "memory")


class Place:
    """Objects, each complete or absent. It opens nothing before use, so it can be pickled.

    If two processes write the same name, the later object replaces the other completely.
    """

    def __init__(self, address: str | Path) -> None:
        self.address = local_path(str(address))

    def __str__(self) -> str:
        return shown_source(self.address)

    @property
    def is_folder(self) -> bool:
        return not is_address(self.address)

    def read(self, name: str) -> bytes | None:
        """The object's bytes; None if there is no such object.

        Raises:
            Error: the place cannot be read.
        """
        try:
            if self.is_folder:
                return Path(self.address, name).read_bytes()
            system, root = self._opened()
            content: bytes = system.cat_file(f"{root}/{name}")
            return content
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._unusable("read", error) from error

    def write(self, name: str, content: bytes) -> None:
        """
        Raises:
            Error: the object cannot be written; an older one is unchanged.
        """
        if self.is_folder:
            with whole(Path(self.address, name)) as part:
                part.write_bytes(content)
            return
        try:
            self._put(name, content)
        except Exception as error:
            raise self._unusable("written", error) from error

    def remove(self, name: str) -> None:
        """Delete an object, if it exists."""
        with contextlib.suppress(FileNotFoundError):
            if self.is_folder:
                Path(self.address, name).unlink()
                return
            system, root = self._opened()
            system.rm_file(f"{root}/{name}")

    def names(self) -> list[str]:
        """The sorted names of all objects directly in this place.

        Raises:
            Error: the place cannot be read.
        """
        try:
            if self.is_folder:
                found = [one.name for one in Path(self.address).iterdir()]
            else:
                system, root = self._opened()
                found = [Path(one).name for one in system.ls(root, detail=False)]
        except FileNotFoundError:
            return []
        except Exception as error:
            raise self._unusable("read", error) from error
        return sorted(name for name in found if not name.startswith("."))

    def _put(self, name: str, content: bytes) -> None:
        system, root = self._opened()
        target = f"{root}/{name}"
        if urlsplit(self.address).scheme in _WHOLE:
            system.pipe_file(target, content)
            return
        system.makedirs(root, exist_ok=True)
        part = f"{root}/.{name}.{secrets.token_hex(4)}.part"
        system.pipe_file(part, content)
        system.mv(part, target)

    def _opened(self) -> tuple[Any, str]:
        core = from_extra("fsspec.core", "ray", f"{self}")
        system, root = core.url_to_fs(self.address)
        return system, str(root).rstrip("/")

    def _unusable(self, what: str, error: Exception) -> Error:
        if isinstance(error, Error):
            return error
        reason = getattr(error, "strerror", None) or type(error).__name__
        return Error(f"{self}: cannot be {what}: {reason}")


@contextlib.contextmanager
def fetched(source: str, *, beside: str | None = None) -> Iterator[str | Path]:
    """A source that a decoder can open: a file, or an address that libavformat opens.

    Other addresses (s3://, gs://, ...) are copied into a folder that is deleted after the block,
    because a decoder seeks, and every seek in an object store would be a request.

    Args:
        beside: ending of an object that belongs to the source. If given, every address is copied,
            and that object too, if it exists.

    Raises:
        Error: the source cannot be read.
    """
    if not is_address(source):
        yield Path(local_path(source))
    elif beside is None and urlsplit(source).scheme in _READ_BY_DECODER:
        yield source
    else:
        with TemporaryDirectory(prefix="basnet_rt-") as folder:
            yield _copied(source, Path(folder), beside)


def _copied(source: str, folder: Path, beside: str | None) -> Path:
    core = from_extra("fsspec.core", "ray", shown_source(source))
    copy = folder / Path(urlsplit(source).path).name
    try:
        system, path = core.url_to_fs(source)
        system.get_file(path, str(copy))
        if beside is not None:
            other = str(Path(path).with_suffix(beside))
            with contextlib.suppress(FileNotFoundError):
                system.get_file(other, str(copy.with_suffix(beside)))
    except Error:
        raise
    except Exception as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Error(f"{shown_source(source)}: cannot be read: {reason}") from error
    return copy
