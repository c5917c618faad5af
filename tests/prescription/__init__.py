"""From signed octets to what a person reads: nothing left out, nothing misread, nothing agreed to blindly."""
