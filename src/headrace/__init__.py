"""headrace loads REST APIs into a warehouse from the declarative configuration that you already have."""
