"""What the files say: each module makes one section of the state, and gives every unknown its reason."""
