"""The hidden suites, one file a chapter, and what they are written with. Never given to students."""
