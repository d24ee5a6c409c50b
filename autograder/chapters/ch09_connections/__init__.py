"""What is hidden of chapter 9."""
