"""The room: surfaces, gate, dialogue, commands and the composition root."""
