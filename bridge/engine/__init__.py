"""The engine: polls, looks, acts and writes back, over ports. It decides nothing: that is `domain`'s."""
