"""What a model is judged by: loans as they stood, households as scored, facts for a rerun."""
