"""What a report says: a file for each chapter, of a run or of a question's answer."""
