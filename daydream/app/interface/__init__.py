"""The public Python interface: a thin layer over the parts that a night uses. `daydream` gives its names."""
