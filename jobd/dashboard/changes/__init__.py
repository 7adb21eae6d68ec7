"""What an operator can do, each as a question to the daemon with its jobctl line."""
