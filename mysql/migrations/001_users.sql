-- Accounts. This table is the truth; Redis holds a copy of each signed-in user for the gate.
-- Usernames compare without case, so that nobody can sign up as "Admin" beside "admin"; accents count,
-- because they make different names.
CREATE TABLE IF NOT EXISTS users (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  username VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_ci NOT NULL,
  password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'argon2id, PHC string',
  role ENUM('user', 'admin') NOT NULL DEFAULT 'user',
  state ENUM('enabled', 'disabled') NOT NULL DEFAULT 'enabled',
  epoch INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'raised to end every session of the user',
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  last_login_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY users_username (username)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
