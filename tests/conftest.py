"""Tests import one another's helpers by plain name; Hypothesis has two profiles.

``quick`` is the default: the same examples at every run, so that a clean clone passes or fails the same way everywhere.
``--hypothesis-profile=thorough`` looks at ten times as many, new ones at every run.
"""

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile(
    "quick", max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.register_profile(
    "thorough", max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
settings.load_profile("quick")
