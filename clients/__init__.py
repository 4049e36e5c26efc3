"""Programs that use the service over HTTP, and import nothing of it."""
