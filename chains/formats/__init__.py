"""The shipped formats, one TOML file each, and their loader."""
