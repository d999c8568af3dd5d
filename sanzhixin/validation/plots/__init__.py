"""Pictures of computed tables: axes in, axes out, nothing is computed here."""
