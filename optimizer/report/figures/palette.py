"""Colours that stay apart for every kind of colour blindness, and keep their contrast on white."""

from __future__ import annotations

INK, GREY, RULE, PAPER = "#00417A", "#5A6672", "#9DB2C7", "#E3ECF5"
CAUTION = "#FFF4D6"
OUTLINE = "#333333"
HEAT = "#8FB4DA"
COLOURS = {
    "oda": INK,
    "non_oda": "#C74700",
    "capacity_building": "#2A9D8F",
    "sdf_mission": "#8E6BBF",
    "want": "#B07D00",
    "fear": "#333333",
}
"""By family and by freedom; anything else is drawn in ``INK``."""
