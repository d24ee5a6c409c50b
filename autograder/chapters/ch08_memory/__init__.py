"""What is hidden of chapter 8."""
