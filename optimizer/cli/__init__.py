"""The command ``haibun``: each verb parses its words, calls one function, and prints.

Exit codes: 0 done; 1 the input has problems; 2 wrong usage; 3 no feasible plan; 4 stopped by a limit; 5 a check of
the program's own result failed; 130 ended by Ctrl+C.
"""

from __future__ import annotations

import os
import sys

from optimizer.cli import asking as asking
from optimizer.cli import office as office
from optimizer.cli import planning as planning
from optimizer.cli import robust as robust
from optimizer.cli import serving as serving
from optimizer.cli.options import main as main


def entry() -> None:
    """Run the command with UTF-8 output, whatever the console's code page."""
    os.environ.setdefault("PYTHONUTF8", "1")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    main()
