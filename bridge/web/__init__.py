"""The bridge on the web: its own small listener, and what it has to say there."""
