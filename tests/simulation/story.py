"""What happened, as somebody who knows payments reads it: when, who, what."""

from dataclasses import dataclass, field

from tests.simulation import loop


@dataclass(frozen=True, slots=True)
class Line:
    at: float
    """Seconds since the history began."""
    who: str
    what: str

    def __str__(self) -> str:
        minutes, seconds = divmod(self.at, 60)
        hours, minutes = divmod(int(minutes), 60)
        return f"{hours:02}:{minutes:02}:{seconds:06.3f}  {self.who:<9} {self.what}"


@dataclass(slots=True)
class Story:
    """The lines as they are told; a broken promise is one of them, and kept apart too."""

    lines: list[Line] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def tell(self, who: str, what: str) -> None:
        self.lines.append(Line(loop.seconds(), who, what))

    def breaks(self, promise: str, what: str) -> None:
        """A promise is broken: the history has failed."""
        self.broken.append(f"{promise}: {what}")
        self.tell("BROKEN", f"{promise}: {what}")

    def text(self) -> str:
        return "\n".join(str(line) for line in sorted(self.lines, key=lambda line: line.at))


def figure(amount: int) -> str:
    """Minor units as people read them: 811.25."""
    return f"{amount / 100:.2f}"
