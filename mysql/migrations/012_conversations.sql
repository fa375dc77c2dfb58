CREATE TABLE conversations (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id BIGINT UNSIGNED NOT NULL,
  title VARCHAR(200) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY conversations_user (user_id, updated_at, id),
  CONSTRAINT conversations_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Messages form a tree: children of one parent are siblings, other attempts at the same point.
-- parent_id has no foreign key, because InnoDB nests cascades only 15 deep and a conversation is
-- deleted as a whole.
CREATE TABLE messages (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  conversation_id BIGINT UNSIGNED NOT NULL,
  parent_id BIGINT UNSIGNED NULL,
  role ENUM('user', 'assistant') NOT NULL,
  content MEDIUMTEXT NOT NULL,
  reasoning MEDIUMTEXT NULL,
  state ENUM('open', 'done', 'stopped', 'failed') NOT NULL,
  request_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the call that wrote it; for answers the generation id',
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY messages_conversation (conversation_id, id),
  KEY messages_request (request_id),
  CONSTRAINT messages_conversation_fk FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

ALTER TABLE token_usage
  ADD CONSTRAINT token_usage_conversation_fk FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE SET NULL;
