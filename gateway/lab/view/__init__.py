"""What a person sees of a lab: the drawing, the live timeline, the report."""

from gateway.lab.view.listing import group, print_listing
from gateway.lab.view.outcomes import OutcomeTable
from gateway.lab.view.screen import Screen

__all__ = ["OutcomeTable", "Screen", "group", "print_listing"]
