"""``gsalab check``: waits for the CPE, grades each tunnel in four steps, and says why one fails."""

from gateway.check.steps import Status, Step, grade

__all__ = ["Status", "Step", "grade"]
