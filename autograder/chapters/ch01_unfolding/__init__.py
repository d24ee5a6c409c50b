"""What is hidden of chapter 1."""
