-- What a token may do, and which state of it somebody edits.
ALTER TABLE access_tokens
  ADD COLUMN models JSON NULL COMMENT 'names of the models that it may call; NULL: all',
  ADD COLUMN call_limit SMALLINT UNSIGNED NULL COMMENT 'own q of the policy v1; NULL: none',
  ADD COLUMN version INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'raised with every change';
