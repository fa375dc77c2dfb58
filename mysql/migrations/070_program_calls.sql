-- Calls of programs belong to an access token and to no conversation. What is reserved for a call is
-- something else than what its prompt is reckoned to be, by which it is settled when its worker dies.
-- No foreign key: the bill stays when the token is gone.
ALTER TABLE token_usage
  ADD COLUMN access_token_id BIGINT UNSIGNED NULL COMMENT 'the token of the program that called; NULL: a person' AFTER conversation_id,
  ADD COLUMN prompt_estimate INT UNSIGNED NULL COMMENT 'tokens, reckoned before the call; NULL: stands in reserved_tokens' AFTER priced,
  ADD KEY token_usage_token (access_token_id, started_at, id);
