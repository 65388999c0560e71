"""What a refresh costs, by the size of what is stored and by where the changes lie."""
