"""One error, whoever reported it: its record, its place in the code, who changed that last, what may mend it."""
