-- Personal access tokens of programs. Only the hash of the secret is kept: whoever reads this table
-- cannot call with it.
CREATE TABLE access_tokens (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id BIGINT UNSIGNED NOT NULL,
  name VARCHAR(64) NOT NULL,
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'SHA-256 (hex) of the secret part',
  last4 CHAR(4) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'end of the token, for people to tell theirs apart',
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NULL COMMENT 'NULL: never',
  revoked_at DATETIME(3) NULL,
  last_used_at DATETIME(3) NULL COMMENT 'ten minutes exact',
  PRIMARY KEY (id),
  UNIQUE KEY access_tokens_hash (hash),
  KEY access_tokens_user (user_id, revoked_at, id),
  CONSTRAINT access_tokens_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
