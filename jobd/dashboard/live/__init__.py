"""The connection to the daemon, and what is heard on it."""
