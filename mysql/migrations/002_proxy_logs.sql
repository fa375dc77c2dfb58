-- One row per request that passed the gate. The primary key holds the time of the event, as MySQL
-- wants the partition column in every unique key; a batch that is delivered twice meets its own rows.
-- The worker splits a partition per UTC day off pmax, a week ahead, and drops old days whole.
CREATE TABLE IF NOT EXISTS proxy_logs (
  created_at DATETIME(3) NOT NULL COMMENT 'when the request began, UTC',
  request_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id BIGINT UNSIGNED NULL,
  ip VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  method VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'empty if nginx could not parse the request',
  path VARCHAR(512) COLLATE utf8mb4_0900_bin NOT NULL COMMENT 'without query string',
  protocol VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status SMALLINT UNSIGNED NOT NULL,
  completed BOOLEAN NOT NULL COMMENT 'false: the client left before the end of the answer',
  duration_ms INT UNSIGNED NOT NULL,
  bytes_in BIGINT UNSIGNED NOT NULL,
  bytes_out BIGINT UNSIGNED NOT NULL,
  upstream_status SMALLINT UNSIGNED NULL COMMENT 'null: the worker was not called',
  upstream_ms INT UNSIGNED NULL,
  verdict VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'allow, a problem code, or empty where no gate stands',
  user_agent VARCHAR(256) NOT NULL,
  PRIMARY KEY (created_at, request_id),
  KEY proxy_logs_user (user_id, created_at, request_id),
  KEY proxy_logs_request (request_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci
PARTITION BY RANGE COLUMNS (created_at) (
  PARTITION pmax VALUES LESS THAN (MAXVALUE)
);
