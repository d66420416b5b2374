"""The command line: parser, exit codes and the one error boundary."""
