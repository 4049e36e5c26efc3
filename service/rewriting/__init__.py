"""From a plan to text that has been proved."""
