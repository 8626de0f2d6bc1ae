"""Names of things that a workbook gives by id only."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from optimizer.portfolio import Portfolio
from optimizer.report.document import decimals_of
from optimizer.results import NOT_STATED, both
from optimizer.units import UNITS
from optimizer.words import Words, say

AGENCIES = (say("MOFA"), say("JICA"), say("MOF"), say("MOD"), say("METI"), say("JBIC"))
FREEDOMS: Mapping[str, Words] = {"want": say("Freedom from want"), "fear": say("Freedom from fear")}
KINDS: Mapping[str, Words] = {"law": say("law"), "cabinet": say("cabinet decision"), "preference": say("preference")}

_KNOWN = {words.pattern: words for words in (*UNITS, *AGENCIES)}


def usual(text: str) -> Words:
    """The usual name of a unit or an agency; any other text as the workbook writes it."""
    return _KNOWN.get(text) or (both(text) if text else NOT_STATED)


def money_decimals(portfolio: Portfolio) -> int:
    """Decimals that write every published amount, baseline and appropriation in full (at most four)."""
    amounts: list[Fraction] = [portfolio.settings.publish_unit]
    amounts += [p.baseline for p in portfolio.programmes.values() if p.baseline is not None]
    amounts += [amount for account in portfolio.accounts.values() for amount in account.appropriation]
    return max(decimals_of(amount) for amount in amounts)
