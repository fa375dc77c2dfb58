-- A password that an administrator has given is known to two people: it only serves to choose another.
ALTER TABLE users
  ADD COLUMN must_change BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'the password was given by an administrator; nothing works until it is changed';
