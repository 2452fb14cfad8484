"""The clock by which a lease is measured, as a test moves it."""


class Ticking:
    """Seconds since nothing in particular."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
