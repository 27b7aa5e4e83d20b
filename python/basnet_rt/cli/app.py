"""The commands, one file each."""

from __future__ import annotations

import typer

from basnet_rt.cli.compare import compare
from basnet_rt.cli.convert import convert
from basnet_rt.cli.demo import demo
from basnet_rt.cli.evaluate import evaluate
from basnet_rt.cli.extract import extract
from basnet_rt.cli.info import info
from basnet_rt.cli.localize import localize
from basnet_rt.cli.report import report
from basnet_rt.cli.stream.command import stream
from basnet_rt.cli.tune import tune

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text wraps paragraphs, and keeps an error on one line
    help="Find actions in long videos: from features to segments, and how good they are.",
)
for command in (extract, localize, stream, evaluate, compare, convert, tune, info, report, demo):
    app.command()(command)
