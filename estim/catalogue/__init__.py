"""What there is to choose from: programs and device families, shipped and brought by plug-ins."""
