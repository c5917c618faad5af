"""The package for Windows (MSI): one description, built by WiX on Windows and by wixl elsewhere."""
