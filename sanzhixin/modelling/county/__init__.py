"""What a county's loans teach: a card on the scheme's scale, and the default probability."""
