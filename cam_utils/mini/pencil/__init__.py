"""What every drawing of the drawn world is made with: shapes, colours, textures, places."""
