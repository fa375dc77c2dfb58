-- Dated prices per 1,000,000 tokens. Four decimals are the most a price may have, so that the cost of
-- a call is always exact in DECIMAL(20,10). A call is charged by the newest row at its start.
CREATE TABLE model_prices (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  model VARCHAR(100) NOT NULL,
  currency CHAR(3) NOT NULL,
  valid_from DATETIME(3) NOT NULL COMMENT 'UTC',
  tier ENUM('peak', 'off_peak') NOT NULL,
  hit DECIMAL(14,4) NOT NULL COMMENT 'prompt tokens found in the cache',
  miss DECIMAL(14,4) NOT NULL COMMENT 'other prompt tokens',
  output DECIMAL(14,4) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY model_prices_row (model, currency, valid_from, tier)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Other names under which a model is asked for or answers; they cost what the model costs.
CREATE TABLE model_aliases (
  alias VARCHAR(100) NOT NULL,
  model VARCHAR(100) NOT NULL,
  PRIMARY KEY (alias)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Statutory holidays of mainland China, Beijing dates: off-peak all day.
CREATE TABLE price_holidays (
  day DATE NOT NULL,
  name VARCHAR(100) NOT NULL DEFAULT '',
  PRIMARY KEY (day)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- DeepSeek's list, valid from midnight in Beijing on 2026-09-10 (flash) and 2026-08-17 (pro).
INSERT INTO model_prices (model, currency, valid_from, tier, hit, miss, output) VALUES
  ('deepseek-flash', 'CNY', '2026-09-09 16:00:00', 'off_peak', 0.02, 1, 4),
  ('deepseek-flash', 'CNY', '2026-09-09 16:00:00', 'peak', 0.04, 2, 8),
  ('deepseek-v4-pro', 'CNY', '2026-08-16 16:00:00', 'off_peak', 0.15, 4.5, 13.5),
  ('deepseek-v4-pro', 'CNY', '2026-08-16 16:00:00', 'peak', 0.30, 9, 27);

INSERT INTO model_aliases (alias, model) VALUES
  ('deepseek-v4-flash', 'deepseek-flash'),
  ('deepseek-v4-flash-vision-exp', 'deepseek-flash');
