"""What stands in the columns of each list, and how many of its rows are at hand."""
