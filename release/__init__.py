"""What is made to be handed out besides the service: the verifier by itself."""
