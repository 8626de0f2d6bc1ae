"""``haibun serve``: one command, no set-up, this computer alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer.cli import main

ROOT = Path(__file__).parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_first_start_needs_nothing(tmp_path):
    """The command serves the home page from an empty home folder, says where, and ends when it is told to."""
    port = free_port()
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    program = f"from optimizer.cli import entry; import sys; sys.argv[1:] = ['serve', '--port', '{port}']; entry()"
    server = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **home, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        page = ""
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    page = answer.read().decode()
                break
            except OSError:
                time.sleep(0.1)
        assert "Haibun" in page
        assert list(tmp_path.rglob("secret.key"))
        assert list(tmp_path.rglob("haibun.sqlite"))
    finally:
        server.terminate()
        server.wait(timeout=60)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])  # noqa: S104  (it is refused)
def test_other_computers_are_not_served_without_accounts(host):
    """Wrong usage, in words."""
    done = CliRunner().invoke(main, ["serve", "--host", host, "--lang", "en"])
    assert done.exit_code == 2
    assert "administrator" in done.output


def test_a_port_in_use_is_named(tmp_path, monkeypatch):
    """No traceback: another port is asked for."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = CliRunner().invoke(main, ["serve", "--port", str(taken.getsockname()[1]), "--lang", "en"])
    assert done.exit_code == 2
    assert "choose another with --port" in done.output
    assert not list(tmp_path.iterdir()), "nothing is made for a site that cannot start"
