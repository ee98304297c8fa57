"""Labs: a branch router, what stands between, and the gateway, in namespaces of their own."""

from gateway.lab.commands import lab_down, lab_list, lab_run, lab_run_all, lab_shell
from gateway.lab.runner import Run, run_scenario

__all__ = ["Run", "lab_down", "lab_list", "lab_run", "lab_run_all", "lab_shell", "run_scenario"]
