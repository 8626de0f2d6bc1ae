"""One blueprint a page: parse, call one function, render."""
