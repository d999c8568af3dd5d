"""Bins of characteristics: what is asked, what is learned, what people change."""
