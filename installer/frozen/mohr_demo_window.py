"""The window that `mohr demo` opens, frozen."""

import sys

from gui.demo import main

sys.exit(main())
