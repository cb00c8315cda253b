"""The full style-transfer engine: recipes, losses, optimisers, and pictures in and out."""
