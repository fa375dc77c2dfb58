-- Sums that make long ranges cheap to read. All of them are derived from the hourly ones, for the hours of
-- [since, until) only, in which nothing changes any more (worker/src/stores/usage-seal.ts); what begins
-- before or after is read from the hourly sums themselves. Whoever changes an hour in between lowers
-- `until`, and the rest is derived anew.
CREATE TABLE usage_seal (
  id TINYINT UNSIGNED NOT NULL,
  since DATETIME NOT NULL COMMENT 'a midnight, UTC',
  until DATETIME NOT NULL COMMENT 'a whole hour, UTC',
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Everybody's usage from `since` to the beginning of an hour, so that any range is the difference of two
-- rows. Every value that was ever used has a row in every hour from then on.
CREATE TABLE usage_running_total (
  kind ENUM('none', 'model', 'key', 'status') NOT NULL COMMENT 'by what it is grouped',
  hour DATETIME NOT NULL,
  value VARCHAR(100) COLLATE utf8mb4_0900_bin NOT NULL COMMENT 'model, api_key_id or ending; empty for none',
  currency CHAR(3) NOT NULL,
  requests BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  cost DECIMAL(30,10) NOT NULL,
  PRIMARY KEY (kind, hour, value, currency)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Days of UTC, for sums over weeks and more.
CREATE TABLE usage_daily (
  user_id BIGINT UNSIGNED NOT NULL,
  day DATE NOT NULL,
  currency CHAR(3) NOT NULL,
  requests BIGINT NOT NULL,
  failed BIGINT NOT NULL COMMENT 'requests that ended as upstream_error, timeout or interrupted',
  estimated BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  cost DECIMAL(30,10) NOT NULL,
  PRIMARY KEY (user_id, day, currency),
  KEY usage_daily_day (day)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- As usage_hourly_total.
CREATE TABLE usage_daily_total (
  day DATE NOT NULL,
  api_key_id BIGINT UNSIGNED NOT NULL,
  model VARCHAR(100) COLLATE utf8mb4_0900_bin NOT NULL,
  ending VARCHAR(20) NOT NULL,
  currency CHAR(3) NOT NULL,
  first_token_bucket TINYINT UNSIGNED NOT NULL,
  requests BIGINT NOT NULL,
  estimated BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  cost DECIMAL(30,10) NOT NULL,
  duration_ms BIGINT NOT NULL,
  PRIMARY KEY (day, api_key_id, model, ending, currency, first_token_bucket)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT INTO usage_seal (id, since, until)
SELECT 1, first_day, first_day FROM (
  SELECT CAST(DATE(COALESCE(MIN(hour), UTC_TIMESTAMP())) AS DATETIME) AS first_day FROM usage_hourly_total
) AS found;

-- Administrators look for what failed; by any other filter the list is read in bounded pieces.
ALTER TABLE token_usage
  ADD KEY token_usage_ending (ending, started_at, id);

-- The same for access records: 4 stands for all of 4xx.
ALTER TABLE proxy_logs
  ADD COLUMN status_class TINYINT UNSIGNED AS (status DIV 100) VIRTUAL NOT NULL,
  ADD KEY proxy_logs_class (status_class, created_at, request_id);
