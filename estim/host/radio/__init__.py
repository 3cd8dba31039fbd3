"""The radio: a link as the host sees it, bleak's links, one search, and what BlueZ says."""
