"""The web interface; it uses only what ``optimizer`` names."""
