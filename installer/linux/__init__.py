"""The Linux packages: what goes where (`tree`), what it needs of a system (`libraries`), and the archives."""
