-- Keys of the model provider. `key_cipher` is written by the worker (AES-256-GCM, bound to the row).
-- An operator may insert a key in the clear, INSERT INTO api_keys (alias, plain_key) VALUES (…): the
-- worker encrypts it the next time it reads the keys and clears `plain_key`.
CREATE TABLE api_keys (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  alias VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'default',
  key_cipher VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin NULL,
  plain_key VARCHAR(256) NULL,
  last4 CHAR(4) NOT NULL DEFAULT '',
  base_url VARCHAR(255) NULL COMMENT 'NULL: DEEPSEEK_BASE_URL',
  weight INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'share of the calls; 0 is never chosen',
  enabled BOOLEAN NOT NULL DEFAULT TRUE,
  standin BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'the local stand-in, used only while no other key is enabled',
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  last_used_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY api_keys_alias (alias)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
