"""The data sets of photos that a user brings: where they lie, where to get them, who uses them.

One table for the readers' messages, for `doctor` and for the README. A complete download's numbers
of photos are the ones that its authors state; where they state none, its own lists are counted.
"""

from .sources_patterns import PATTERNS
from .sources_transfer import TRANSFER

SOURCES = {**TRANSFER, **PATTERNS}
