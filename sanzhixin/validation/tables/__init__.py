"""What every table that judges is made of: its shape, its rows, its columns checked, its rates."""
