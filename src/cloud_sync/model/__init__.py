"""The nouns of the product. No I/O happens here."""
