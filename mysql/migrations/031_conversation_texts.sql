-- What search looks through: the messages of turns that have ended, and titles that people gave. A table
-- of its own, because a row of a full-text index is only ever cheap while it does not change: messages
-- do, and what is changed or deleted there stays in every later search as a list of exceptions. It is
-- filled behind the turns (text_due), because adding to such an index now and then waits for the disk.
-- Pairs of characters are indexed (ngram_token_size = 2). Stop words must be off when the index is made:
-- with them every pair that holds an `a` or an `i` is missing.
SET SESSION innodb_ft_enable_stopword = OFF;

CREATE TABLE conversation_texts (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id BIGINT UNSIGNED NOT NULL,
  conversation_id BIGINT UNSIGNED NOT NULL,
  message_id BIGINT UNSIGNED NULL COMMENT 'null: the title',
  body MEDIUMTEXT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY conversation_texts_message (conversation_id, message_id),
  KEY conversation_texts_user (user_id, id),
  FULLTEXT KEY conversation_texts_body (body) WITH PARSER ngram
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

SET SESSION innodb_ft_enable_stopword = DEFAULT;

UPDATE messages SET text_due = TRUE WHERE role = 'assistant' AND state <> 'open';
