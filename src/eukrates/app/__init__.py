"""The application: a configuration file, the command line, the demonstration. Thin: what it does, Python can do."""
