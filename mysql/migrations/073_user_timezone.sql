-- In which zone a person's days, weeks and months begin.
ALTER TABLE users
  ADD COLUMN timezone VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'IANA zone; NULL: the one of APP_TIMEZONE';
