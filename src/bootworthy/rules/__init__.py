"""What an image must be like to run on Azure: one module a rule, in folders by area."""
