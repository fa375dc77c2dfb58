-- Links by which people choose another password without knowing the one before. At most one for each
-- user, gone once it is used; whoever reads this table cannot use it.
CREATE TABLE password_resets (
  user_id BIGINT UNSIGNED NOT NULL,
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'SHA-256 (hex) of the token',
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id),
  UNIQUE KEY password_resets_hash (hash),
  CONSTRAINT password_resets_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- By these administrators look for accounts; names are searched in their own index.
ALTER TABLE users
  ADD KEY users_role (role, state, id),
  ADD KEY users_state (state, id);

-- `version` says which key calls have met, and is raised by the provider's refusals too: no number by which
-- two people notice that they edit the same row.
ALTER TABLE api_keys
  ADD COLUMN revision INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'raised with every change by an administrator';
