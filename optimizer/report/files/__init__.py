"""The files of a report: each shows the same content and computes nothing."""
