"""What cut-offs, people and single ratings do to amounts and tiers."""
