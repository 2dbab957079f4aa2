"""How values are written where nobody says how: found by Django by the name of the language."""
