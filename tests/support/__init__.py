"""What several test directories share: a node in this process, a daemon in its own, a wire that can be cut."""
