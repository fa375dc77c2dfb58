-- What administrators have changed. A row is written in the transaction of its change and never changed
-- afterwards. `before_state` and `after_state` hold listed fields only, never a secret
-- (worker/src/domain/audit.ts).
CREATE TABLE audit_log (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'UTC, of MySQL''s clock',
  actor_id BIGINT UNSIGNED NULL COMMENT 'users.id; NULL: an operator at the machine',
  actor_name VARCHAR(64) NOT NULL COMMENT 'as it was then',
  ip VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  request_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  action VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target_kind VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  before_state JSON NULL COMMENT 'NULL: it was not there',
  after_state JSON NULL COMMENT 'NULL: it is gone',
  PRIMARY KEY (id),
  KEY audit_log_at (at, id),
  KEY audit_log_actor (actor_id, at, id),
  KEY audit_log_action (action, at, id),
  KEY audit_log_target (target_kind, target_id, at, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
