"""The tamper matrix: named crimes on good dossiers, and what each verifier says of them."""
