"""What is hidden of chapter 4."""
