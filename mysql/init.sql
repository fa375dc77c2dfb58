-- Makes the database and the account with which the worker signs in. Safe to run again: it also sets
-- the password anew. Run by MySQL's root with three variables set:
--   @chatgate_database, @chatgate_user, @chatgate_password

-- Names are quoted by doubling the quote character, so that no name can become a statement.
SET @chatgate_schema = CONCAT('`', REPLACE(@chatgate_database, '`', '``'), '`');
SET @chatgate_account = CONCAT(QUOTE(@chatgate_user), '@''%''');

SET @statement = CONCAT('CREATE DATABASE IF NOT EXISTS ', @chatgate_schema,
  ' CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci');
PREPARE statement FROM @statement;
EXECUTE statement;

SET @statement = CONCAT('CREATE USER IF NOT EXISTS ', @chatgate_account);
PREPARE statement FROM @statement;
EXECUTE statement;

SET @statement = CONCAT('ALTER USER ', @chatgate_account, ' IDENTIFIED BY ', QUOTE(@chatgate_password));
PREPARE statement FROM @statement;
EXECUTE statement;

-- What the worker's statements and migrations need in this one database, and nothing else anywhere.
SET @statement = CONCAT(
  'GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON ',
  @chatgate_schema, '.* TO ', @chatgate_account);
PREPARE statement FROM @statement;
EXECUTE statement;

DEALLOCATE PREPARE statement;
