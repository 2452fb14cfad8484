"""Properties here are pure and quick, but machines that run tests can be slow: no example has a deadline."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
