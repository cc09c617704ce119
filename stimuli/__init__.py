"""The eight film compilations: protocol, building and measuring, schedule, player."""
