"""Jobs of the front end, beside W&B LEET: how soon it shows something and answers a key, what it costs to watch and to wait.

Both sides run in a pseudo-terminal (`terminal.py`) with settings of their own (`front.py`), on runs that are made (`made.py`).
"""

import front_idle
import front_key
import front_open
import front_start
import front_watch

JOBS = {**front_start.JOBS, **front_key.JOBS, **front_watch.JOBS, **front_idle.JOBS, **front_open.JOBS}
