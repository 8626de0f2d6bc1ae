"""Why a file is no workbook that can be read, and the cure."""

from __future__ import annotations

from optimizer.words import Words, say

SAVE_AS_XLSX = say("Open the file in Excel and save it as an Excel workbook (.xlsx) without a password or macros.")


class Refused(Exception):
    """The file is no workbook that can be read: why, and the cure."""

    def __init__(self, problem: Words, fix: Words = SAVE_AS_XLSX) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.fix = fix
