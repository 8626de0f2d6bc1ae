"""Excel ↔ tables: reading, writing, the template, and the annotated copy of a user's own file.

Reading is python-calamine's work, writing XlsxWriter's. A user's own file is never written anew: its parts are
changed in place, so that what only Excel knows stays in it.
"""

from optimizer.workbook.annotation import annotate
from optimizer.workbook.cells import write_cells
from optimizer.workbook.guide import guide
from optimizer.workbook.reading import is_filled_in, read, read_bytes
from optimizer.workbook.tables import (
    NoValue,
    RawBook,
    RawSheet,
    RawTables,
    Record,
    Table,
    Tables,
    Value,
    letters_of,
)
from optimizer.workbook.writing import write, write_template

__all__ = [
    "NoValue",
    "RawBook",
    "RawSheet",
    "RawTables",
    "Record",
    "Table",
    "Tables",
    "Value",
    "annotate",
    "guide",
    "is_filled_in",
    "letters_of",
    "read",
    "read_bytes",
    "write",
    "write_cells",
    "write_template",
]
