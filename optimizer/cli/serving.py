"""The verb that serves the cockpit in a browser."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path

import click

from optimizer.cli.office import place_options
from optimizer.cli.options import common_options, main
from optimizer.cli.talking import Talker
from optimizer.errors import WrongUsage
from optimizer.words import say

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on.")
@click.option("--office", is_flag=True, help="Ask for accounts on this computer too; always so on other hosts.")
@click.option("--name", "names", multiple=True, help="A name that browsers call the server by.")
@click.option("--proxy", "proxies", multiple=True, help="Address of a reverse proxy that is trusted.")
@click.option("--identity-header", default="", help="The header in which that proxy names the person.")
@place_options
@common_options
def serve(
    talker: Talker,
    host: str,
    port: int,
    office: bool,
    names: Sequence[str],
    proxies: Sequence[str],
    identity_header: str,
    folder: Path | None,
    database: str | None,
) -> None:
    """Open the cockpit for a browser on this computer, or for an office with accounts; end it with Ctrl+C.

    Example: haibun serve
    """
    import webui  # noqa: PLC0415  (only the server needs it)

    config = {
        "DATA_FOLDER": folder,
        "DATABASE": database,
        "OFFICE": office or host not in LOOPBACK,
        "TRUSTED_PROXIES": list(proxies),
        "IDENTITY_HEADER": identity_header,
    }
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError:
            raise WrongUsage(
                say("{proxy}: --proxy takes an address, such as 127.0.0.1 or 10.0.0.0/24.", proxy=proxy)
            ) from None
    if identity_header and not proxies:
        raise WrongUsage(say("--identity-header needs the --proxy whose word is trusted."))
    if config["OFFICE"] and not webui.is_looked_after(folder, database):
        raise WrongUsage(
            say(
                "{host}: without an account of an administrator only this computer is served. Make one first: "
                "haibun user add NAME --role administrator",
                host=host,
            )
        )
    shown = f"[{host}]" if ":" in host else host
    talker.tell(say("Haibun is at http://{host}:{port}/ – end it with Ctrl+C.", host=shown, port=port))
    try:
        webui.serve(host, port, config, names)
    except OSError as error:
        raise WrongUsage(
            say(
                "{host}:{port} cannot be listened on ({reason}); choose another with --port.",
                host=shown,
                port=port,
                reason=error.strerror or error,
            )
        ) from None
