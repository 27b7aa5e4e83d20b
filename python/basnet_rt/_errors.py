"""The errors of the runtime: all of them are `basnet_rt.Error`."""

from __future__ import annotations


class Error(Exception):
    """Base of every error that basnet_rt raises on purpose."""


class InvalidValue(Error, ValueError):  # noqa: N818
    """An argument has the right kind, but its value is not allowed."""


class InvalidType(Error, TypeError):  # noqa: N818
    """An argument has the wrong kind, dtype or layout."""


class BundleError(Error):
    """A bundle is absent, damaged, not one of basnet_rt, or made for other input."""


class VideoError(Error, ValueError):
    """A video is absent, has no picture, or is too damaged to be used."""


class BackendUnavailable(Error, RuntimeError):  # noqa: N818
    """The requested backend is not in this build, or its device, driver or memory is not available.

    The CPU backend can still be used after this error.
    """
