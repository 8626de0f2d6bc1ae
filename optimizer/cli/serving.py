"""The verb that serves the cockpit in a browser."""

from __future__ import annotations

import click

from optimizer.cli.options import common_options, main
from optimizer.cli.talking import Talker
from optimizer.words import say


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on.")
@common_options
def serve(talker: Talker, host: str, port: int) -> None:
    """Open the cockpit for a browser on this computer; end it with Ctrl+C.

    Example: haibun serve
    """
    import webui  # noqa: PLC0415  (only the server needs it)

    talker.tell(say("Haibun is at http://{host}:{port}/ – end it with Ctrl+C.", host=host, port=port))
    webui.serve(host, port)
