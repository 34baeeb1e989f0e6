"""The only code that meets a network, a disk or a vendor."""
