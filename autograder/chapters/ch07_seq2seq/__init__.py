"""What is hidden of chapter 7."""
