-- What the gate has to know of a user beside the epoch. `revision` orders two states of one epoch, so
-- that an older one never replaces a newer one in Redis.
ALTER TABLE users
  ADD COLUMN limits VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'own limits such as chat=20,api=500; empty: the general ones',
  ADD COLUMN revision INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'raised with every change that the gate has to know',
  ADD COLUMN last_login_ip VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'of last_login_at';
