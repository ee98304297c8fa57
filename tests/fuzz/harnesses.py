"""All fuzz harnesses by name."""

from tests.fuzz import codec, esp, exchanges, front_door
from tests.fuzz.harness import Harness

HARNESSES: dict[str, Harness] = {
    module.HARNESS.name: module.HARNESS for module in (codec, front_door, exchanges, esp)
}
"""In the order in which they run."""
