"""What is hidden of chapter 0."""
