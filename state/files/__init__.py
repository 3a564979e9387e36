"""What was read: the files, row by row and value by value, and the one table that names them."""
