"""One file an analyzer, each behind the interface of `base`; listed in `registry`."""
