"""What is hidden of chapter 2."""
