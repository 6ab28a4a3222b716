"""Values: settings, addresses, recipes and law of one installation."""
