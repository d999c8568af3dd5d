"""The page that tells what a model is for and what it rests on."""
