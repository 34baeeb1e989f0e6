"""What is done with each kind of thing that a webhook held."""
