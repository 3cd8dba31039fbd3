"""What a house may see of a unit, and the little that it may ask for: topics, discovery, states, orders; all pure."""
