"""What differs between operating systems: folders, private files, who owns a socket. No policy of ours."""
