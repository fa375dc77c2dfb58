-- Workers that run: each writes every few seconds that it is there. `id` is its name and the life of its
-- process, so that a restarted worker is never taken for the one that died; it is also the worker_id
-- of its calls in token_usage. All times are of MySQL's clock.
CREATE TABLE workers (
  id VARCHAR(64) NOT NULL,
  started_at DATETIME(3) NOT NULL,
  seen_at DATETIME(3) NOT NULL,
  steady_since DATETIME(3) NOT NULL COMMENT 'since when it has been seen without a gap',
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- When work that one worker does for all was done last.
CREATE TABLE chores (
  name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  done_at DATETIME(3) NOT NULL,
  PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
