"""What is said about each thing, as lines of cells: pure, from the model's objects."""
