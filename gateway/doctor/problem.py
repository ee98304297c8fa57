"""The error of a machine that cannot do what was asked."""


class EnvironmentProblem(Exception):
    """The machine lacks something; the command line prints it and exits with status 4.

    Args:
        what: What was seen, and what was expected instead.
        fix: What the person at the machine can do about it; one action per line.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        """``what``, and ``fix`` on lines of their own."""
        return f"{self.what}\n{self.fix}" if self.fix else self.what
