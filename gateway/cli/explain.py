"""stub"""


def explain() -> None:
    """..."""
