-- A deleted conversation belongs to nobody at once, which hides it from every statement that looks for
-- an owner's; its rows are removed bit by bit afterwards.
ALTER TABLE conversations
  MODIFY user_id BIGINT UNSIGNED NULL COMMENT 'null: deleted, its rows are being removed';

-- Siblings are found by their parent; the answer that runs, and the one to go on from, without a look
-- at the others.
ALTER TABLE messages
  ADD COLUMN tokens INT UNSIGNED NULL COMMENT 'estimate for the context; null: of before this column',
  ADD COLUMN standing ENUM('open', 'answered') GENERATED ALWAYS AS (
    CASE WHEN role = 'user' THEN NULL WHEN state = 'open' THEN 'open' WHEN content <> '' THEN 'answered' END
  ) STORED COMMENT 'of answers only; null: ended without text',
  ADD COLUMN text_due BOOLEAN NULL COMMENT 'true: of an ended turn that search does not know yet',
  ADD KEY messages_siblings (conversation_id, parent_id, id),
  ADD KEY messages_standing (conversation_id, standing, id),
  ADD KEY messages_text_due (text_due, id);
