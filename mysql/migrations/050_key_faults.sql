-- What the provider said against a key, apart from the admin's own switch `enabled`, and which keys
-- share an account there. An operator may set `fault` to NULL to let calls use the key again.
ALTER TABLE api_keys
  ADD COLUMN account VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'keys of one account at the provider share its balance and limits; NULL: an account of its own',
  ADD COLUMN version INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'raised when a key is replaced, moved or let in again: what calls with an earlier one met does not count',
  ADD COLUMN fault ENUM('rejected', 'no_balance') NULL COMMENT 'why no call uses the key; NULL: nothing is known against it',
  ADD COLUMN fault_at DATETIME(3) NULL,
  ADD COLUMN balance_checked_at DATETIME(3) NULL COMMENT 'by the periodic check of keys without balance';
