"""Sentences that are spoken to a user (です・ます), as a document writes them (である・こと)."""

from __future__ import annotations

import re

ENDINGS = (
    ("([残付直])してください", r"\1すこと"),
    ("してください", "すること"),
    ("てください", "ること"),
    ("ありません", "ない"),
    ("りません", "らない"),
    ("行いません", "行わない"),
    ("ていません", "ていない"),
    ("([きしえけせてねべめれげ])ません", r"\1ない"),
    ("([用て])います", r"\1いる"),
    ("います", "う"),
    ("します", "する"),
    ("みます", "む"),
    ("ります", "る"),
    ("できます", "できる"),
    ("きます", "く"),
    ("ます", "る"),
    ("です", "である"),
)
"""The ends of sentences of the checks, the special ones before the general; a test holds that none is missing."""
BEFORE = "(?=が、|か。|[。（）：]|$)"
PATTERNS = tuple((re.compile(ending + BEFORE), plain) for ending, plain in ENDINGS)


def plainly(japanese: str) -> str:
    """A text whose sentences end as those of a document do; names inside it are left as they are."""
    for pattern, plain in PATTERNS:
        japanese = pattern.sub(plain, japanese)
    return japanese
