"""Every kind of hostile workbook. Add one, to the room of its noun, whenever somebody thinks of one."""

from hostile.amounts import AMOUNTS
from hostile.cells import CELLS
from hostile.dialects import DIALECTS
from hostile.keys import KEYS
from hostile.names import NAMES
from hostile.packages import PACKAGES

KINDS = [*PACKAGES, *DIALECTS, *CELLS, *KEYS, *AMOUNTS, *NAMES]
