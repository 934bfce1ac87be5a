"""Nothing that costs money leaves without passing here."""
