"""What ranks do together: the world they live in, how a loop is stopped, sums over all of them."""
