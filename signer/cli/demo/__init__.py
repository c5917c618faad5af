"""What `mohr demo` needs to show a whole signature without a panel or an insurer: synthetic data only."""
