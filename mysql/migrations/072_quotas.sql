-- What users and access tokens may use in a day or month. `version` belongs to the owner: each change writes
-- it into all rows of the owner, and no row is ever deleted, so that a version never comes back and a worker
-- that looks for what was changed since its last look finds everything.
CREATE TABLE quotas (
  owner_kind ENUM('user', 'token') NOT NULL,
  owner_id BIGINT UNSIGNED NOT NULL COMMENT 'users.id or access_tokens.id',
  unit ENUM('tokens', 'money') NOT NULL,
  period ENUM('day', 'month') NOT NULL COMMENT 'in the zone of the user',
  user_id BIGINT UNSIGNED NOT NULL COMMENT 'the owner, or the owner of the token',
  amount DECIMAL(26,10) NULL COMMENT 'tokens, or CNY; NULL: no quota any more',
  version INT UNSIGNED NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (owner_kind, owner_id, unit, period),
  KEY quotas_updated (updated_at),
  CONSTRAINT quotas_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- reserved_tokens stays the estimate of the prompt, by which a call is charged that nobody counted.
ALTER TABLE token_usage
  ADD COLUMN held_tokens INT UNSIGNED NOT NULL DEFAULT 0
    COMMENT 'reserved against quotas while the call is open; the money is reserved_cost' AFTER reserved_tokens,
  ADD KEY token_usage_program (access_token_id, started_at);
