"""The eight film compilations: protocol, building, schedule and player (built in a later version)."""
