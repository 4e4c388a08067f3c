"""A model that gets into trouble."""
