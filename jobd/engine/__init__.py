"""What happens. One file, one duty; read tick → dispatch → workers → attempt → recorder for the path of a run."""
