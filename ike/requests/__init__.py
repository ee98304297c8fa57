"""The exchanges that we start inside an IKE SA, one kind each: what is asked, and what the answer changes."""
