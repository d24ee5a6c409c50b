"""What is hidden of chapter 3."""
