"""What is hidden of the chapters: suites, mistakes, alternatives. Never given to students."""
