"""Whether the panel agrees, and whether it is right."""
