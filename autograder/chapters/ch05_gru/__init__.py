"""What is hidden of chapter 5."""
