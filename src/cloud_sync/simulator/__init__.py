"""The GoPro cloud on loopback, as a part of the product: for the demo, for trials and for tests.

It speaks the wire of the real service as far as that is known from outside: an API with a live,
offset-paged listing, and a CDN with signed URLs on a port of its own. It knows nothing of
cloud-sync's client and shares no code with it, so an error in the client cannot hide here.

`library` is where media come from, `server` is what serves them.
"""
