"""What the API shows and takes: the models of each noun, and the handlers of its operations."""
