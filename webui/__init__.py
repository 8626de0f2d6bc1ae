"""The cockpit: workbooks, what-if, questions and reports in a browser. It uses only what ``optimizer`` names.

What other packages may use is named here, and loaded when it is first used: what computes never loads the site.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webui.app import create_app as create_app
    from webui.app import default_folder as default_folder
    from webui.app import is_looked_after as is_looked_after
    from webui.app import open_store as open_store
    from webui.app import serve as serve


def __getattr__(name: str) -> Any:
    if name not in ("create_app", "default_folder", "is_looked_after", "open_store", "serve"):
        raise AttributeError(f"module 'webui' has no attribute {name!r}")
    from webui import app  # noqa: PLC0415

    return getattr(app, name)
