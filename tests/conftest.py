"""Hypothesis' one profile: the same examples in each `make test`, new ones in `make test-long`; no clock judges."""

from hypothesis import HealthCheck, settings

from tests.effort import LONG

settings.register_profile(
    "estim", derandomize=not LONG, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("estim")
