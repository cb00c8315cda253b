"""The scripts that made the pictures and the embedded networks, and judge them."""
