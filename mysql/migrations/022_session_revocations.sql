-- What was revoked and has to be gone from Redis. A row is written with the revocation and deleted when
-- Redis has nothing left to forget, so that neither an outage of Redis nor its last second, which it may
-- lose when it is killed, brings a session back.
CREATE TABLE session_revocations (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id BIGINT UNSIGNED NOT NULL,
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of a session or access token; NULL: the copy of the user',
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  UNIQUE KEY session_revocations_hash (user_id, hash)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
