"""The questions that a planner asks of a book: one file each."""
