"""What is hidden of chapter 6."""
