-- What the numbers of a call rest on.
ALTER TABLE token_usage
  ADD COLUMN estimate_method VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL
    COMMENT 'of the tokens, if they are an estimate' AFTER estimated,
  ADD COLUMN priced BOOLEAN NOT NULL DEFAULT TRUE
    COMMENT 'false: no price was known for the model, cost is 0' AFTER currency;
