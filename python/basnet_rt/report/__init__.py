"""A page that shows results: one file that opens in a browser, without a network."""

from basnet_rt.report.corpus import Corpus, Video, gather
from basnet_rt.report.page import render_page, write_page

__all__ = ["Corpus", "Video", "gather", "render_page", "write_page"]
