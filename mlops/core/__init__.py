"""The nouns that travel down the road, the one error, and where things are; knows no room."""
