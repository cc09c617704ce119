"""The eight film compilations: protocol, building, schedule and player (not built yet)."""
