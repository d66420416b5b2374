"""Those who judge dreams: rules, and whoever can be asked a question."""
