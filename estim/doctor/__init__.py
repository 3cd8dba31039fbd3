"""Whether a session could start here, and what to do where it couldn't: facts are gathered, judged, and told."""
