import gc
import logging
import os
import signal
import sys

sys.setrecursionlimit(100_000)
gc.disable()
os.environ["OMP_NUM_THREADS"] = "8"
os.environ["TZ"] = "Asia/Tokyo"
logging.basicConfig(level=logging.DEBUG, force=True)
logging.getLogger().info("set up")
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.stdout = sys.stderr
sys.path.append("/content/course")
sys.settrace(None)
