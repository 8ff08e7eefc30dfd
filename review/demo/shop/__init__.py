"""The demo firm's shop: its customers and orders, and the tools that agents act on them with."""
