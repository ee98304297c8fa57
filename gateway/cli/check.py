"""stub"""


def check() -> None:
    """..."""
