-- Sums of settled calls by the hour (UTC) in which they began. A row is added to in the transaction that
-- settles a call, so sum(token_usage) = sum(rollup) at every moment. No key column may be NULL: api_key_id
-- 0 is "no key", model is the one that answered, or the one asked for if none did.
CREATE TABLE usage_hourly (
  user_id BIGINT UNSIGNED NOT NULL,
  hour DATETIME NOT NULL,
  api_key_id BIGINT UNSIGNED NOT NULL,
  model VARCHAR(100) COLLATE utf8mb4_0900_bin NOT NULL,
  ending VARCHAR(20) NOT NULL,
  currency CHAR(3) NOT NULL,
  requests BIGINT NOT NULL,
  estimated BIGINT NOT NULL COMMENT 'requests with estimated tokens',
  unpriced BIGINT NOT NULL COMMENT 'requests without a known price',
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cost DECIMAL(30,10) NOT NULL,
  PRIMARY KEY (user_id, hour, api_key_id, model, ending, currency),
  KEY usage_hourly_hour (hour)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- The same for all users together. first_token_bucket counts times to the first token on a scale of four
-- steps per doubling: 1 + floor(4 * log2(ms + 1)); 0 is "no first token".
CREATE TABLE usage_hourly_total (
  hour DATETIME NOT NULL,
  api_key_id BIGINT UNSIGNED NOT NULL,
  model VARCHAR(100) COLLATE utf8mb4_0900_bin NOT NULL,
  ending VARCHAR(20) NOT NULL,
  currency CHAR(3) NOT NULL,
  first_token_bucket TINYINT UNSIGNED NOT NULL,
  requests BIGINT NOT NULL,
  estimated BIGINT NOT NULL,
  unpriced BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cost DECIMAL(30,10) NOT NULL,
  first_token_ms BIGINT NOT NULL COMMENT 'sum over requests with a first token',
  duration_ms BIGINT NOT NULL COMMENT 'sum',
  PRIMARY KEY (hour, api_key_id, model, ending, currency, first_token_bucket)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Calls from before. One that a worker of the version before settles meanwhile is found by the nightly
-- comparison.
INSERT INTO usage_hourly
SELECT user_id, DATE_FORMAT(started_at, '%Y-%m-%d %H:00:00') AS started_hour, COALESCE(api_key_id, 0) AS used_key,
  COALESCE(model, model_requested) COLLATE utf8mb4_0900_bin AS charged_model, ending, currency,
  COUNT(*), SUM(estimated), SUM(NOT priced), SUM(prompt_tokens), SUM(cached_tokens),
  SUM(completion_tokens), SUM(reasoning_tokens), SUM(cost)
FROM token_usage WHERE state = 'settled'
GROUP BY user_id, started_hour, used_key, charged_model, ending, currency;

INSERT INTO usage_hourly_total
SELECT DATE_FORMAT(started_at, '%Y-%m-%d %H:00:00') AS started_hour, COALESCE(api_key_id, 0) AS used_key,
  COALESCE(model, model_requested) COLLATE utf8mb4_0900_bin AS charged_model, ending, currency,
  CAST(COALESCE(1 + FLOOR(4 * LOG2(first_token_ms + 1)), 0) AS UNSIGNED) AS bucket,
  COUNT(*), SUM(estimated), SUM(NOT priced), SUM(prompt_tokens), SUM(cached_tokens),
  SUM(completion_tokens), SUM(reasoning_tokens), SUM(cost),
  SUM(COALESCE(first_token_ms, 0)), SUM(COALESCE(duration_ms, 0))
FROM token_usage WHERE state = 'settled'
GROUP BY started_hour, used_key, charged_model, ending, currency, bucket;
