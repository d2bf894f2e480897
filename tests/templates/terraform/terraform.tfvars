wait_seconds = 30
