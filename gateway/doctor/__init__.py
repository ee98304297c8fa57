"""What this machine offers to a lab: checks with what was seen and what to do."""
