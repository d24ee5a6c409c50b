"""What is rendered from results, and from nothing else. Each report is a function of the results."""
