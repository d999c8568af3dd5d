"""Whether points, characteristics and tiers stay where they were."""
