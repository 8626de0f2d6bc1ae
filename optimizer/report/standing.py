"""Who answers for a run: it is a draft until somebody else has checked it, and a third person approved it."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.words import Words, say

DRAFT, ASSURED, APPROVED = say("Draft"), say("Assured"), say("Approved")


@dataclass(frozen=True)
class Signature:
    """A person's name, and the day."""

    person: str
    day: Words


@dataclass(frozen=True)
class Standing:
    """The signatures under a run, as far as there are any; without them it is nobody's draft."""

    drafted: Signature | None = None
    assured: Signature | None = None
    approved: Signature | None = None

    @property
    def state(self) -> Words:
        """Draft, assured or approved."""
        return APPROVED if self.approved else ASSURED if self.assured else DRAFT

    @property
    def signed(self) -> tuple[tuple[Words, Signature | None], ...]:
        """What was done, and by whom."""
        done = (say("Drafted by"), say("Checked by"), say("Approved by"))
        return tuple(zip(done, (self.drafted, self.assured, self.approved), strict=True))
