"""Input decks: what a YAML file may say, and every fault it may have."""
