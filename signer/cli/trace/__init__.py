"""`mohr trace`: a recording of the running agent or of one command, as JSON and as a page with a timeline."""
