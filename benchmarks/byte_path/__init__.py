"""Moving bytes from an HTTPS source into S3: cloud-sync, its peers, and the floor beneath them."""
