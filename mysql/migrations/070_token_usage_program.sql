-- Which program made a call: access_tokens.id; NULL: a person. Without a foreign key, as for api_key_id.
ALTER TABLE token_usage
  ADD COLUMN access_token_id BIGINT UNSIGNED NULL;
