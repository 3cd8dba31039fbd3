"""The screen: a drawing of Snapshots that holds no truth of its own."""
