"""The portfolio: what the model reads. Records in ``records``, made from checked tables in ``keying``."""

from optimizer.portfolio.keying import portfolio_of as portfolio_of
from optimizer.portfolio.records import *  # noqa: F403  (this room's records are its public names)
