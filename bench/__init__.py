"""Speed and size, as the README promises them."""
