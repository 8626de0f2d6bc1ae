"""Tests import one another's helpers by plain name; Hypothesis has two profiles.

``quick`` is the default: the same examples at every run, so that a clean clone passes or fails the same way everywhere.
``--hypothesis-profile=thorough`` looks at ten times as many, new ones at every run.

Hypothesis also draws the constants of the modules that happen to be loaded: with both packages loaded whole from the
start, the examples do not hang on which worker ran which test before.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

import optimizer
import webui

sys.path.insert(0, str(Path(__file__).parent))

for package in (optimizer, webui):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)

settings.register_profile(
    "quick", max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.register_profile(
    "thorough", max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
settings.load_profile("quick")
