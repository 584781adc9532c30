"""Other people's systems that do comparable work, in the best shape we could give them."""
