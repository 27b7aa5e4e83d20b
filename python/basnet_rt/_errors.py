"""The errors of the runtime: all of them are `basnet_rt.Error`."""

from __future__ import annotations


class Error(Exception):
    """Base of every error that basnet_rt raises on purpose."""


class InvalidValue(Error, ValueError):  # noqa: N818
    """An argument has the right kind and a value that is not allowed."""


class InvalidType(Error, TypeError):  # noqa: N818
    """An argument has the wrong kind, dtype or layout."""


class BundleError(Error):
    """A bundle is absent, damaged, foreign, or made for other input."""


class VideoError(Error, ValueError):
    """A video is absent, holds no picture, or is too broken to be used."""


class BackendUnavailable(Error, RuntimeError):  # noqa: N818
    """A backend was asked for that this build lacks, or its device, driver or memory is not there.

    The CPU backend works after it.
    """
