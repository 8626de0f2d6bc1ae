"""The verb that serves the cockpit in a browser."""

from __future__ import annotations

import click

from optimizer.cli.options import common_options, main
from optimizer.cli.talking import Talker
from optimizer.errors import WrongUsage
from optimizer.words import say

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on.")
@common_options
def serve(talker: Talker, host: str, port: int) -> None:
    """Open the cockpit for a browser on this computer; end it with Ctrl+C.

    Example: haibun serve
    """
    if host not in LOOPBACK:
        raise WrongUsage(
            say("{host}: without accounts only this computer is served; use 127.0.0.1, localhost or ::1.", host=host)
        )
    import webui  # noqa: PLC0415  (only the server needs it)

    shown = f"[{host}]" if ":" in host else host
    talker.tell(say("Haibun is at http://{host}:{port}/ – end it with Ctrl+C.", host=shown, port=port))
    try:
        webui.serve(host, port)
    except OSError as error:
        raise WrongUsage(
            say(
                "{host}:{port} cannot be listened on ({reason}); choose another with --port.",
                host=shown,
                port=port,
                reason=error.strerror or error,
            )
        ) from None
